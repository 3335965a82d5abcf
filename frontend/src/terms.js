// Glossary words: one hover card for the whole page, filled from the word's own data attributes.
const WAIT_MS = 250;

export function startTerms() {
  const card = document.getElementById("definition");
  if (!card) return;
  let timer = 0;
  let shown = null;

  const show = (term) => {
    if (shown === term && card.matches(":popover-open")) return;
    card.querySelector("b").textContent = term.dataset.term;
    card.querySelector("p").textContent = term.dataset.meaning;
    const formula = card.querySelector(".formula");
    formula.textContent = term.dataset.formula ?? "";
    formula.hidden = !term.dataset.formula;
    card.querySelector("a").href = term.href;
    if (card.matches(":popover-open")) card.hidePopover();
    card.showPopover({ source: term });
    shown = term;
  };
  const hide = () => {
    if (card.matches(":popover-open")) card.hidePopover();
    shown = null;
  };
  const later = (act, ms) => {
    clearTimeout(timer);
    timer = setTimeout(act, ms);
  };

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const term = event.target.closest?.("a.term");
    if (term) later(() => show(term), WAIT_MS);
    else if (event.target.closest?.("#definition")) clearTimeout(timer);
    else if (shown) later(hide, WAIT_MS);
    else clearTimeout(timer);
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches?.("a.term:focus-visible")) show(event.target);
    else if (!card.contains(event.target)) hide();
  });
  // A finger cannot hover: the first tap explains, the card's link leads to the glossary.
  document.addEventListener("click", (event) => {
    const term = event.target.closest?.("a.term");
    if (!term || event.pointerType !== "touch") return;
    event.preventDefault();
    show(term);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shown) hide();
  });
}
