// Rows chosen in a table: all of the page, one by one, or a range with Shift. The count feeds the bulk bar.
export function selection() {
  return {
    count: 0,
    last: null,
    boxes() {
      return [...this.$root.querySelectorAll(".select-row")];
    },
    none() {
      return this.count === 0;
    },
    all(event) {
      for (const box of this.boxes()) box.checked = event.target.checked;
      this.recount();
    },
    one(event) {
      const box = event.target;
      if (!box.matches(".select-row")) return;
      const boxes = this.boxes();
      if (event.shiftKey && this.last && boxes.includes(this.last)) {
        const [from, to] = [boxes.indexOf(this.last), boxes.indexOf(box)].sort((a, b) => a - b);
        for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
      }
      this.last = box;
      this.recount();
    },
    clear() {
      for (const box of this.boxes()) box.checked = false;
      this.recount();
    },
    recount() {
      const boxes = this.boxes();
      this.count = boxes.filter((box) => box.checked).length;
      const head = this.$root.querySelector(".select-all");
      if (!head) return;
      head.checked = boxes.length > 0 && this.count === boxes.length;
      head.indeterminate = this.count > 0 && this.count < boxes.length;
    },
  };
}
