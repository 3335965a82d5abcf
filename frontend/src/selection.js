// Rows chosen in a table: all of the page, one by one, or a range with Shift. The count feeds the bulk bar.
// Where the list has more pages (data-more), a page that is chosen as a whole offers all results: `whole`.
export function selection() {
  return {
    count: 0,
    last: null,
    whole: false,
    boxes() {
      return [...this.$root.querySelectorAll(".select-row")];
    },
    none() {
      return this.count === 0;
    },
    isPart() {
      return !this.whole;
    },
    offersWhole() {
      return !this.whole && "more" in this.$root.dataset && this.count > 0 && this.count === this.boxes().length;
    },
    chooseWhole() {
      this.whole = true;
      this.$nextTick(() => this.$root.querySelector(".bulk button[name=act]")?.focus()); // this button is gone
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
    // J and K choose the next and the previous row alone, so that a key can then act on it.
    step(event) {
      if (!["j", "k"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector("dialog[open]") || event.target.matches("textarea, select, input:not([type=checkbox])")) return;
      const boxes = this.boxes();
      const at = boxes.indexOf(this.last);
      const next = boxes[event.key === "j" ? at + 1 : Math.max(at - 1, 0)];
      if (!next) return;
      for (const box of boxes) box.checked = box === next;
      this.last = next;
      next.focus();
      this.recount();
    },
    clear() {
      for (const box of this.boxes()) box.checked = false;
      this.recount();
    },
    exportChosen(event) {
      const address = new URL(event.target.closest("[data-export]").dataset.export, location.href);
      const chosen = this.whole ? [] : this.boxes().filter((box) => box.checked);
      for (const box of chosen) address.searchParams.append("ids", box.value);
      location.assign(address);
    },
    recount() {
      const boxes = this.boxes();
      this.whole = false;
      this.count = boxes.filter((box) => box.checked).length;
      const head = this.$root.querySelector(".select-all");
      if (!head) return;
      head.checked = boxes.length > 0 && this.count === boxes.length;
      head.indeterminate = this.count > 0 && this.count < boxes.length;
    },
  };
}
