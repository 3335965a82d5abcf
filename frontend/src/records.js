// Records: fields edited where they stand, the box in which acts are logged, and cards that fold on a phone.
export function startRecords() {
  startEditing();
  startComposer();
  startFolds();
}

/** [data-edit] opens the form beside it. Enter, or leaving the field, saves; Esc puts it back. */
function startEditing() {
  let saved = ""; // the field whose form was sent, to give the keyboard back to it
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-edit]");
    if (opener) open(opener.closest(".in-place"));
    if (event.target.closest("[data-edit-back]")) close(event.target.closest(".in-place"));
  });
  document.addEventListener("keydown", (event) => {
    const place = event.target.closest?.(".in-place[data-editing]");
    if (!place || event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      close(place);
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save(place);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches(".in-place select")) save(event.target.closest(".in-place"));
  });
  document.addEventListener("focusout", (event) => {
    const place = event.target.closest?.(".in-place[data-editing]");
    if (!place || place.contains(event.relatedTarget) || place.querySelector(".error")) return;
    if (changed(place)) save(place);
    else close(place, false);
  });
  document.addEventListener("submit", (event) => {
    const place = event.target.closest(".in-place");
    if (!place) return;
    place.dataset.sent = "1";
    saved = place.contains(document.activeElement) ? place.id : "";
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const place = event.target.closest?.(".in-place");
    if (place && event.detail.failed) delete place.dataset.sent; // nothing came back: it may be tried again
  });
  document.addEventListener("htmx:load", (event) => {
    const place = event.target.closest?.(".in-place");
    if (!place || place.id !== saved || place.hasAttribute("data-editing")) return;
    saved = "";
    place.querySelector(".editable")?.focus();
  });
}

function open(place) {
  place.setAttribute("data-editing", "");
  const field = place.querySelector("[name=value]");
  field.value = place.querySelector("[name=seen]").value;
  field.focus();
  field.select?.();
}

function close(place, refocus = true) {
  for (const complaint of place.querySelectorAll(".error, .hint, .cluster")) complaint.remove();
  place.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
  place.removeAttribute("data-editing");
  if (refocus) place.querySelector(".editable").focus();
}

function save(place) {
  if (!place.dataset.sent) place.querySelector("form").requestSubmit(); // once: its going away is a leaving, too
}

function changed(place) {
  const field = place.querySelector("[name=value]");
  return field.value !== place.querySelector("[name=seen]").value;
}

/** The kind that is chosen decides what is asked; Ctrl-Enter logs. [data-compose=KIND] elsewhere opens it. */
function startComposer() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-compose]");
    if (opener) compose(opener.dataset.compose);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-composer] [name=kind]")) write(event.target.form);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.closest?.("[data-composer]");
    if (form) form.requestSubmit();
  });
}

function compose(kind) {
  const choice = document.querySelector(`[data-composer] [name=kind][value="${CSS.escape(kind)}"]`);
  if (!choice) return;
  choice.checked = true;
  choice.form.scrollIntoView({ block: "nearest" });
  write(choice.form);
}

function write(form) {
  form.querySelector("textarea").focus({ preventScroll: true });
}

/** On a phone the head of a card opens and closes it; panels of other slices get their button when they come. */
function startFolds() {
  document.addEventListener("click", (event) => {
    const head = event.target.closest("[data-fold] > header, .panel > .card > header");
    const toggle = head?.querySelector("[data-fold-toggle]");
    if (!toggle?.checkVisibility() || event.target.closest("a, button:not([data-fold-toggle])")) return;
    const isOpen = head.closest("[data-fold], .panel").toggleAttribute("data-open");
    toggle.setAttribute("aria-expanded", String(isOpen));
  });
  document.addEventListener("htmx:load", (event) => {
    const panel = event.target.closest?.(".panel");
    const head = panel?.querySelector(":scope > .card > header");
    const pattern = document.querySelector("[data-fold-toggle]");
    if (!head || !pattern || head.querySelector("[data-fold-toggle]")) return;
    const toggle = pattern.cloneNode(true);
    toggle.setAttribute("aria-expanded", String(panel.hasAttribute("data-open")));
    toggle.setAttribute("aria-label", head.querySelector("h2")?.textContent ?? "");
    head.append(toggle);
  });
}
