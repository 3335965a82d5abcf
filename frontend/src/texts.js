// The words scripts need, in the reader's language: base.html writes them as JSON.
let words = null;

/** The text named `key`, with {name} replaced from `values`. */
export function text(key, values = {}) {
  words ??= JSON.parse(document.getElementById("ui-texts")?.textContent ?? "{}");
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
