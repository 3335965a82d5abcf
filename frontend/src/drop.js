// A file field one can drop onto; says which files were taken. Without script it is a plain file field.
export function fileDrop() {
  return {
    names: "",
    over: false,
    enter() {
      this.over = true;
    },
    leave() {
      this.over = false;
    },
    picked(event) {
      this.over = false;
      this.names = [...event.target.files].map((file) => file.name).join(", ");
    },
  };
}
