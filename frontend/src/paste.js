// Rows pasted from a spreadsheet into a list (outside its fields) open the import mapping: <form data-paste> takes them.
export function startPaste() {
  document.addEventListener("paste", (event) => {
    const form = document.querySelector("form[data-paste]");
    if (!form || document.querySelector("dialog[open]")) return;
    if (event.target.isContentEditable || event.target.matches?.("input, textarea, select")) return;
    const rows = event.clipboardData?.getData("text/plain") ?? "";
    if (!rows.includes("\t")) return; // one cell, or words: nothing that was meant for a list
    event.preventDefault();
    form.elements.rows.value = rows;
    form.requestSubmit();
  });
}
