// Ctrl-K: go to any page of the navigation, or to whatever the search finds. Arrow keys choose, Enter opens.
const WAIT_MS = 120;

/** Opens it, or closes it when it is open. */
export function openPalette() {
  const palette = document.getElementById("palette");
  if (!palette) return;
  if (palette.open) return palette.close();
  palette.showModal();
  palette.dispatchEvent(new Event("palette:open"));
}

export function startPalette() {
  const palette = document.getElementById("palette");
  if (!palette) return;
  const input = palette.querySelector("input");
  const list = palette.querySelector("[role=listbox]");
  const none = palette.querySelector(".palette-none");
  const address = palette.dataset.searchUrl;
  let timer = 0;
  let running = null;

  const fill = (found = []) => {
    const pages = pagesLike(input.value);
    list.replaceChildren(...found, ...pages);
    none.hidden = list.querySelector("[role=option]") !== null;
    choose(list.querySelector("[role=option]"));
  };
  const choose = (option) => {
    for (const other of list.querySelectorAll("[aria-selected=true]")) other.setAttribute("aria-selected", "false");
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.id ||= `palette-option-${[...list.children].indexOf(option)}`;
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  };
  const search = async () => {
    running?.abort();
    const query = input.value.trim();
    if (!address || !query) return fill();
    running = new AbortController();
    try {
      const answer = await fetch(`${address}?q=${encodeURIComponent(query)}`, {
        headers: { "HX-Request": "true", "X-Palette": "true" },
        signal: running.signal,
      });
      if (!answer.ok) return fill();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      fill([...page.querySelectorAll("[role=option], .palette-group")]);
    } catch (error) {
      if (error.name !== "AbortError") fill();
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    const options = [...list.querySelectorAll("[role=option]")];
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) {
      event.preventDefault();
      choose(options[(at + step + options.length) % options.length]);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      options[at].click();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette]")) openPalette();
  });
  palette.addEventListener("palette:open", () => {
    input.value = "";
    fill();
    input.focus();
  });
}

/** The navigation's entries whose words contain every word typed, accents and case apart. */
function pagesLike(query) {
  const wanted = fold(query).split(/\s+/).filter(Boolean);
  return [...document.querySelectorAll("#nav a.nav-link")]
    .filter((link) => wanted.every((word) => fold(link.textContent).includes(word)))
    .map((link) => {
      const option = document.createElement("a");
      option.href = link.href;
      option.setAttribute("role", "option");
      option.tabIndex = -1;
      const icon = link.querySelector("svg")?.cloneNode(true);
      option.append(...(icon ? [icon] : []), link.querySelector(".nav-label")?.textContent.trim() ?? "");
      return option;
    });
}

function fold(words) {
  return words.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
