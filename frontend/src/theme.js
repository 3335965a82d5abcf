// Light, dark or as the system. The cookie lets the server paint the right one at once on the next page.
const YEAR_S = 365 * 24 * 3600;

export function startTheme() {
  document.addEventListener("change", (event) => {
    if (event.target.name !== "theme" || !event.target.closest("[data-theme-switch]")) return;
    const theme = event.target.value;
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    const secure = location.protocol === "https:" ? ";Secure" : "";
    document.cookie = `theme=${theme};path=/;max-age=${YEAR_S};SameSite=Lax${secure}`;
    document.dispatchEvent(new CustomEvent("themechange"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    document.dispatchEvent(new CustomEvent("themechange")),
  );
}
