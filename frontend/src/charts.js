// Loaded only where a page has plots: {% plot %} writes a small spec as JSON, this draws it with ECharts as SVG.
import { BarChart, CustomChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import { GraphicComponent, GridComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { options } from "./chart-options.js";

echarts.use([
  BarChart,
  CustomChart,
  HeatmapChart,
  LineChart,
  ScatterChart,
  GraphicComponent,
  GridComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
  SVGRenderer,
]);

const drawn = new Map(); // area -> {chart, spec, watcher}

function draw(area) {
  if (drawn.has(area)) return;
  const spec = JSON.parse(document.getElementById(area.dataset.spec).textContent);
  const chart = echarts.init(area, null, { renderer: "svg" });
  const watcher = new ResizeObserver(() => {
    if (!area.clientWidth) return; // the table is shown instead
    chart.resize();
    chart.setOption(options(spec, area));
  });
  drawn.set(area, { chart, spec, watcher });
  chart.setOption(options(spec, area));
  chart.on("click", (point) => {
    const address = point.data?.href ?? spec.links?.[point.dataIndex];
    if (address) location.assign(address);
  });
  watcher.observe(area);
}

function drawAll(root) {
  for (const [area, { chart, watcher }] of drawn) {
    if (area.isConnected) continue;
    watcher.disconnect();
    chart.dispose();
    drawn.delete(area);
  }
  for (const area of root.querySelectorAll(".plot-area[data-spec]")) draw(area);
}

document.addEventListener("themechange", () => {
  for (const [area, { chart, spec }] of drawn) chart.setOption(options(spec, area), { notMerge: true });
});
document.addEventListener("htmx:load", (event) => drawAll(event.target));
document.fonts.ready.then(() => drawAll(document));
