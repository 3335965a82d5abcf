// Short messages in a corner. Django's messages are in the page already; HTMX answers send {"toast": {message, level, undo}}.
import { text } from "./texts.js";

const SECONDS = { info: 6, success: 6, warning: 10, error: 0 }; // 0: stays until closed
const SECONDS_WITH_UNDO = 30;

export function startToasts(htmx) {
  const box = document.getElementById("toasts");
  if (!box) return;
  for (const item of box.querySelectorAll(".toast")) arm(box, item);
  if (box.childElementCount) box.showPopover();

  document.body.addEventListener("toast", (event) => show(htmx, event.detail));
  document.body.addEventListener("htmx:sendError", () => show(htmx, { message: text("offline"), level: "error" }));
  document.body.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    if (/\btoast\b/.test(xhr.getResponseHeader("HX-Trigger") ?? "")) return; // the answer says it in its own words
    if (xhr.status === 409 || xhr.status === 422) return; // swapped into the page
    show(htmx, { message: text(xhr.status >= 500 ? "broken" : "refused"), level: "error" });
  });
}

/** Shows one message. `undo` is an address that a POST takes back what was done. */
export function show(htmx, { message, level = "info", undo = "" }) {
  const box = document.getElementById("toasts");
  const known = level in SECONDS ? level : "info";
  const item = document.querySelector(`template[data-toast="${known}"]`).content.firstElementChild.cloneNode(true);
  item.querySelector("p").textContent = message;
  const button = item.querySelector("[data-undo]");
  if (undo) button.setAttribute("hx-post", undo);
  else button.remove();
  box.append(item);
  htmx.process(item);
  arm(box, item);
  if (box.matches(":popover-open")) box.hidePopover(); // shown again, so that it lies above a dialog opened since
  box.showPopover();
}

function arm(box, item) {
  const undo = item.querySelector("[data-undo]");
  const seconds = undo ? SECONDS_WITH_UNDO : (SECONDS[item.dataset.level] ?? 6);
  const leave = () => {
    item.remove();
    if (!box.childElementCount && box.matches(":popover-open")) box.hidePopover();
  };
  item.querySelector("[data-dismiss]").addEventListener("click", leave);
  undo?.addEventListener("htmx:afterRequest", leave);
  if (!seconds) return;
  let timer = setTimeout(leave, seconds * 1000);
  for (const calm of ["pointerenter", "focusin"]) item.addEventListener(calm, () => clearTimeout(timer));
  for (const go of ["pointerleave", "focusout"]) {
    item.addEventListener(go, () => {
      clearTimeout(timer);
      timer = setTimeout(leave, seconds * 1000);
    });
  }
}
