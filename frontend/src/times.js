// Keeps "2 min ago" true while a page stays open. The server wrote the first version; the exact time stays in the title.
import { text } from "./texts.js";

const EVERY_MS = 30_000;
const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

export function startTimes() {
  setInterval(() => {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const words = ago((Date.now() - Date.parse(time.dateTime)) / 1000);
      if (words) time.textContent = words;
    }
  }, EVERY_MS);
}

function ago(seconds) {
  if (seconds < 0 || seconds >= DAY_S) return "";
  if (seconds < MINUTE_S) return text("now");
  if (seconds < HOUR_S) return text("minutes_ago", { n: Math.floor(seconds / MINUTE_S) });
  return text("hours_ago", { n: Math.floor(seconds / HOUR_S) });
}
