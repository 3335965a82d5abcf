// <button data-dialog="ID"> opens <dialog id="ID">; [data-close] inside closes it; an answer may bring <dialog data-open>.
export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) open(document.getElementById(opener.dataset.dialog));
    if (event.target.closest(".menu-item")) event.target.closest("[popover]")?.hidePopover();
    if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
    // A click on the backdrop closes what cannot lose typed words.
    if (event.target.matches?.("dialog") && !event.target.querySelector("form textarea, form input:not([type=hidden])")) {
      if (outside(event, event.target)) event.target.close();
    }
  });
  document.addEventListener("htmx:load", (event) => {
    const found = event.target.matches?.("dialog[data-open]") ? event.target : event.target.querySelector?.("dialog[data-open]");
    if (found) open(found);
  });
  document.body.addEventListener("close-dialog", () => {
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  });
}

function open(dialog) {
  if (dialog && !dialog.open) dialog.showModal();
}

function outside({ clientX, clientY }, dialog) {
  const box = dialog.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}
