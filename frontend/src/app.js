// What every page loads: htmx for parts of pages, Alpine for local state, and our few behaviours.
import Alpine from "@alpinejs/csp";
import htmx from "htmx.org";
import { startBoards } from "./board.js";
import { startDialogs } from "./dialogs.js";
import { fileDrop } from "./drop.js";
import { startKeys } from "./keys.js";
import { startPalette } from "./palette.js";
import { startPaste } from "./paste.js";
import { startPlotViews } from "./plots.js";
import { startRecords } from "./records.js";
import { selection } from "./selection.js";
import { startTerms } from "./terms.js";
import { startTheme } from "./theme.js";
import { startTimes } from "./times.js";
import { startToasts } from "./toast.js";

window.htmx = htmx; // htmx extensions and the browser tests look for it here

Alpine.data("selection", selection);
Alpine.data("fileDrop", fileDrop);
Alpine.start();

startToasts(htmx);
startTheme();
startDialogs();
startTerms();
startTimes();
startPlotViews();
startPalette();
startKeys();
startBoards(htmx);
startRecords();
startPaste();

for (const path of document.querySelectorAll(".path")) {
  const here = path.querySelector("[aria-current]");
  if (here) path.scrollLeft = here.offsetLeft - path.clientWidth / 3; // on a phone the current stage comes into view
}
