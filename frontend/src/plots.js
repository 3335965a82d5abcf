// The "plot | table" choice beside each figure; charts.js draws, this only shows one or the other.
export function startPlotViews() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-plot-view]");
    if (!button) return;
    const figure = button.closest(".plot");
    figure.dataset.view = button.dataset.plotView;
    for (const other of figure.querySelectorAll("[data-plot-view]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  });
}
