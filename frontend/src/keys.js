// Keyboard: every element with data-key="x" is pressed (or focused) by x; "?" lists them. Written on the page, so never stale.
import { openPalette } from "./palette.js";

const OFF = "filon-keys-off";

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      return openPalette();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "?") {
      event.preventDefault();
      return listKeys();
    }
    if (localStorage.getItem(OFF) || document.querySelector("dialog[open]")) return;
    if (event.key === "/") {
      event.preventDefault();
      return focusSearch();
    }
    press(event);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys]")) listKeys();
  });
  const off = document.querySelector("[data-keys-switch]");
  if (!off) return;
  off.checked = !localStorage.getItem(OFF);
  off.addEventListener("change", () => (off.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
}

function typing(target) {
  return target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");
}

function press(event) {
  const wanted = event.key.toLowerCase();
  const element = [...document.querySelectorAll("[data-key]")].find(
    (candidate) => candidate.dataset.key.toLowerCase() === wanted && candidate.checkVisibility() && !candidate.disabled,
  );
  if (!element) return;
  event.preventDefault();
  if (element.matches("[type=radio], [type=checkbox]")) {
    element.focus();
    element.click();
  } else if (element.matches("input, textarea, select")) element.focus();
  else element.click();
}

function focusSearch() {
  const search = document.querySelector("[data-search]");
  if (search?.checkVisibility()) search.select();
  else openPalette();
}

function listKeys() {
  const dialog = document.getElementById("keys");
  if (!dialog || dialog.open) return;
  const list = dialog.querySelector("[data-keys-here]");
  list.replaceChildren();
  const seen = new Set();
  for (const element of document.querySelectorAll("[data-key]")) {
    const key = element.dataset.key;
    if (seen.has(key) || !element.checkVisibility()) continue;
    seen.add(key);
    const label = document.createElement("dt");
    label.textContent = element.dataset.keyLabel ?? element.getAttribute("aria-label") ?? words(element);
    const value = document.createElement("dd");
    value.append(Object.assign(document.createElement("kbd"), { textContent: key.toUpperCase() }));
    list.append(label, value);
  }
  dialog.showModal();
}

function words(element) {
  const copy = element.cloneNode(true);
  for (const part of copy.querySelectorAll("kbd, svg, .count")) part.remove();
  return copy.textContent.trim();
}
