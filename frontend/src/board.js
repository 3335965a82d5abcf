// Cards dragged from column to column. The same move is in each card's menu, for the keyboard and for fingers.
import Sortable from "sortablejs/modular/sortable.core.esm.js";

export function startBoards(htmx) {
  htmx.onLoad((root) => {
    for (const column of root.querySelectorAll("[data-board] [data-column]")) {
      if (Sortable.get(column)) continue;
      Sortable.create(column, {
        group: column.closest("[data-board]").id || "board",
        draggable: ".board-card",
        filter: "button, [popover]",
        preventOnFilter: false,
        animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
        delay: 180,
        delayOnTouchOnly: true,
        onEnd: (event) => moved(htmx, event),
      });
    }
  });
}

/** Tells the server; a refusal puts the card back where it was. */
function moved(htmx, { item, from, to, oldDraggableIndex, newDraggableIndex }) {
  if (from === to && oldDraggableIndex === newDraggableIndex) return;
  if (!item.dataset.move) return;
  item.addEventListener(
    "htmx:afterRequest",
    (event) => {
      if (event.detail.successful || !item.isConnected) return;
      const cards = from.querySelectorAll(":scope > .board-card");
      from.insertBefore(item, cards[oldDraggableIndex] ?? null);
    },
    { once: true },
  );
  const next = item.nextElementSibling?.dataset.id ?? "";
  const values = { [to.dataset.name || "stage"]: to.dataset.column, before: next };
  htmx.ajax("POST", item.dataset.move, { source: item, target: item, swap: "outerHTML", values });
}
