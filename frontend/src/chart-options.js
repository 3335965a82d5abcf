// From our small spec to ECharts options: one accent and greys, labels on the marks instead of legends, no style attribute.

/** spec: see src/filon/ui/README.md, "plot". area: the element drawn into; it gives width, language and the theme's colours. */
export function options(spec, area) {
  const look = readLook(area);
  const kinds = { bar, line, funnel, interval, heatmap, scatter };
  const made = kinds[spec.kind](spec, look);
  return {
    animationDuration: 300,
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: { fontFamily: look.font, fontSize: 12, color: look.ink2 },
    tooltip: tooltip(spec, look),
    ...made,
  };
}

function readLook(area) {
  const style = getComputedStyle(area);
  // A canvas turns oklch() and light-dark() into the sRGB hex that ECharts can mix.
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const probe = document.createElement("span");
  probe.style.setProperty("transition", "none", "important"); // or a colour on its way from the last one is read
  area.append(probe);
  const colour = (name) => {
    probe.style.color = `var(--${name})`;
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = getComputedStyle(probe).color;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    return `#${[r, g, b].map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  };
  const look = {
    accent: colour("accent"),
    accentSoft: colour("accent-soft"),
    accentLine: colour("accent-line"),
    ink: colour("ink"),
    ink2: colour("ink-2"),
    ink3: colour("ink-3"),
    line: colour("line"),
    lineStrong: colour("line-strong"),
    edge: colour("edge"),
    surface: colour("surface"),
    sunken: colour("sunken"),
    onAccent: colour("on-accent"),
    font: style.fontFamily,
    width: area.clientWidth,
    lang: document.documentElement.lang || "fr",
  };
  probe.remove();
  return look;
}

/** Numbers as the reader writes them. unit: count, percent (fractions), money, days, hours, points. */
function say(value, spec, look, { short = false, axis = false } = {}) {
  if (value === null || value === undefined) return "–";
  const format = (settings) => new Intl.NumberFormat(look.lang, settings).format(value);
  const compact = short ? { notation: "compact", maximumFractionDigits: 1 } : {};
  const tenths = axis ? 0 : 1; // as formats.percent writes them in tiles and tables
  switch (spec.unit) {
    case "percent":
      return format({ style: "percent", minimumFractionDigits: tenths, maximumFractionDigits: tenths });
    case "money":
      return format({ style: "currency", currency: spec.currency ?? "EUR", maximumFractionDigits: 0, ...(short ? shortened(Math.abs(value)) : {}) });
    case "days":
      return format({ style: "unit", unit: "day", unitDisplay: "short", maximumFractionDigits: 1 });
    case "hours":
      return format({ style: "unit", unit: "hour", unitDisplay: "short", maximumFractionDigits: 1 });
    default:
      return format({ maximumFractionDigits: 2, ...compact });
  }
}

/** Money as formats.money_short writes it: whole below 10,000, then in thousands or millions, with a digit below 100. */
function shortened(size) {
  if (size < 10_000) return {};
  const unit = [1e9, 1e6, 1e3].find((one) => size / one >= 0.95);
  return { notation: "compact", maximumFractionDigits: size / unit < 100 ? 1 : 0 };
}

// The first series is the subject and takes the accent; the others are context, in greys told apart by tone and dash.
function tone(index, series, look) {
  if (series.accent ?? index === 0) return look.accent;
  return [look.ink3, look.edge, look.lineStrong][(index - 1) % 3] ?? look.ink3;
}

function tooltip(spec, look) {
  const single = ["funnel", "interval", "heatmap", "scatter"].includes(spec.kind);
  return {
    trigger: single ? "item" : "axis",
    className: "plot-tip-frame",
    padding: 0,
    borderWidth: 0,
    backgroundColor: "transparent",
    extraCssText: "box-shadow:none",
    confine: true,
    transitionDuration: 0.1,
    axisPointer: { type: spec.kind === "line" ? "line" : "shadow", lineStyle: { color: look.lineStrong }, shadowStyle: { color: look.ink3, opacity: 0.08 } },
    formatter: (points) => tip(Array.isArray(points) ? points : [points], spec, look),
  };
}

/** Built from elements: a string would carry style attributes, which the content security policy refuses. */
function tip(points, spec, look) {
  const box = Object.assign(document.createElement("div"), { className: "plot-tip" });
  const add = (tag, ...words) => {
    const line = document.createElement(tag);
    if (words.length === 1) line.textContent = words[0];
    else line.append(...words.map((word) => Object.assign(document.createElement("span"), { textContent: word })));
    box.append(line);
  };
  const first = points[0];
  add("b", first.data?.title ?? first.name ?? "");
  for (const point of points) {
    if (point.data?.hidden) continue;
    const value = point.data?.shown ?? (Array.isArray(point.value) ? point.value.at(-1) : point.value);
    add("p", spec.kind === "scatter" ? "" : (point.seriesName ?? ""), typeof value === "string" ? value : say(value, spec, look));
  }
  return box;
}

const categoryAxis = (spec, look, extra = {}) => ({
  type: "category",
  data: spec.categories,
  axisTick: { show: false },
  axisLine: { lineStyle: { color: look.lineStrong } },
  axisLabel: { color: look.ink2, hideOverlap: true, ...extra },
});

/** Whether the shares shown come near 100 %, where their axis ends; a ratio of flows may go beyond. */
function isNearlyAll(spec) {
  const most = spec.unit === "percent" ? Math.max(...spec.series.flatMap((one) => one.high ?? one.values)) : 0;
  return most > 0.6 && most <= 1;
}

const valueAxis = (spec, look, extra = {}) => ({
  type: "value",
  splitNumber: 4,
  axisLabel: { color: look.ink3, formatter: (value) => say(value, spec, look, { short: true, axis: true }) },
  splitLine: { lineStyle: { color: look.line } },
  ...(isNearlyAll(spec) ? { max: 1, interval: 0.25 } : {}),
  ...extra,
});

const grid = (extra = {}) => ({ left: 4, right: 16, top: 16, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel", ...extra });

function target(spec, look) {
  if (spec.target === undefined || spec.target === null) return undefined;
  const along = spec.horizontal ? { xAxis: spec.target } : { yAxis: spec.target };
  return {
    symbol: "none",
    silent: true,
    lineStyle: { color: look.ink2, type: "dashed", width: 1 },
    label: { color: look.ink2, position: "insideEndTop", formatter: `${spec.target_label ?? ""} ${say(spec.target, spec, look)}`.trim() },
    data: [along],
  };
}

function bar(spec, look) {
  const labelled = spec.series.length === 1 && spec.categories.length <= (spec.horizontal ? 40 : Math.floor(look.width / 56));
  const series = spec.series.map((one, index) => ({
    name: one.name,
    type: "bar",
    stack: spec.stacked ? "all" : undefined,
    barMaxWidth: spec.horizontal ? 20 : 40,
    barGap: "12%",
    itemStyle: { color: tone(index, one, look), borderRadius: spec.stacked ? 0 : spec.horizontal ? [0, 3, 3, 0] : [3, 3, 0, 0] },
    emphasis: { disabled: true },
    label: {
      show: labelled,
      position: spec.horizontal ? "right" : "top",
      color: look.ink2,
      formatter: ({ value }) => say(value, spec, look, { short: !spec.horizontal }),
    },
    markLine: index === 0 ? target(spec, look) : undefined,
    data: one.values.map((value, at) => ({
      value,
      href: one.links?.[at] ?? spec.links?.[at],
      itemStyle: spec.faded?.[at] ? { color: look.lineStrong } : undefined,
    })),
  }));
  const name = spec.series.length > 1 ? inlineNames(spec, look) : {};
  if (!spec.horizontal) {
    return { grid: grid({ top: spec.series.length > 1 ? 32 : 24 }), xAxis: categoryAxis(spec, look), yAxis: valueAxis(spec, look, labelled ? { axisLabel: { show: false } } : {}), series, ...name };
  }
  return {
    grid: grid({ right: labelled ? 72 : 16, top: 4 }),
    yAxis: { ...categoryAxis(spec, look, { width: Math.min(190, look.width * 0.34), overflow: "truncate", interval: 0 }), inverse: true, axisLine: { show: false } },
    xAxis: valueAxis(spec, look, labelled ? { axisLabel: { show: false }, splitLine: { show: false } } : {}),
    series,
  };
}

// Several bar series cannot carry their names at their ends: a line of names above, each in its own tone.
function inlineNames(spec, look) {
  let left = 4;
  const graphic = spec.series.map((one, index) => {
    const at = left;
    left += 24 + one.name.length * 7;
    return {
      type: "group",
      left: at,
      top: 2,
      silent: true,
      children: [
        { type: "rect", shape: { x: 0, y: 2, width: 9, height: 9, r: 2 }, style: { fill: tone(index, one, look) } },
        { type: "text", x: 14, y: 0, style: { text: one.name, verticalAlign: "top", fill: look.ink2, font: `500 12px ${look.font}` } },
      ],
    };
  });
  return { graphic };
}

function line(spec, look) {
  const series = spec.series.map((one, index) => {
    const colour = tone(index, one, look);
    const subject = one.accent ?? index === 0;
    return {
      name: one.name,
      type: "line",
      smooth: false,
      showSymbol: spec.categories.length <= 2,
      symbolSize: 6,
      connectNulls: false,
      lineStyle: { color: colour, width: subject ? 2 : 1.5, type: one.dashed || index > 1 ? "dashed" : "solid" },
      itemStyle: { color: colour },
      areaStyle: subject && spec.series.length === 1 ? { color: look.accent, opacity: 0.08 } : undefined,
      emphasis: { disabled: true },
      endLabel: {
        show: spec.series.length > 1,
        color: subject ? look.accent : look.ink2,
        fontWeight: 550,
        formatter: one.name,
        distance: 6,
      },
      labelLayout: { moveOverlap: "shiftY" },
      markLine: index === 0 ? target(spec, look) : undefined,
      data: one.values.map((value, at) => ({ value, href: one.links?.[at] ?? spec.links?.[at] })),
      z: subject ? 3 : 2,
    };
  });
  const longest = Math.max(...spec.series.map((one) => one.name.length));
  return {
    grid: grid({ right: spec.series.length > 1 ? Math.min(16 + longest * 7, look.width * 0.3) : 16 }),
    xAxis: { ...categoryAxis(spec, look), boundaryGap: false },
    yAxis: valueAxis(spec, look),
    series,
  };
}

/** Horizontal bars under each other, all measured against the first: lengths compare, trapezoids do not. */
function funnel(spec, look) {
  const values = spec.series[0].values;
  const first = values[0] || 0;
  const share = (part, whole) => (whole ? new Intl.NumberFormat(look.lang, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(part / whole) : "–");
  const data = values.map((value, at) => {
    const passage = at ? ` · ${share(value, values[at - 1])}` : "";
    return { value, href: spec.links?.[at], shown: `${say(value, spec, look)} · ${share(value, first)}`, words: `${say(value, spec, look)}${passage}` };
  });
  const before = values.map((_, at) => ({ value: at ? values[at - 1] : first, hidden: true }));
  return {
    grid: grid({ right: Math.min(128, look.width * 0.3), top: 0, bottom: 0 }),
    yAxis: { ...categoryAxis(spec, look, { interval: 0, color: look.ink }), inverse: true, axisLine: { show: false } },
    xAxis: { type: "value", show: false, max: first || 1 },
    series: [
      {
        type: "bar",
        silent: true,
        barWidth: "58%",
        barGap: "-100%",
        itemStyle: { color: look.sunken, borderRadius: 4 },
        emphasis: { disabled: true },
        data: before,
      },
      {
        name: spec.series[0].name,
        type: "bar",
        barWidth: "58%",
        itemStyle: { color: look.accent, borderRadius: 4 },
        emphasis: { disabled: true },
        label: { show: true, position: "right", color: look.ink, fontWeight: 550, distance: 8, formatter: ({ data: point }) => point.words },
        data,
      },
    ],
  };
}

/** A rate with its interval per category: a dot, and a line from low to high. Few cases (faded) are grey. */
function interval(spec, look) {
  const { name, values, low, high } = spec.series[0];
  const colour = (at) => (spec.faded?.[at] ? look.edge : look.accent);
  const range = (at) => (low[at] === null || values[at] === null ? "–" : `${say(values[at], spec, look)} (${say(low[at], spec, look)} – ${say(high[at], spec, look)})`);
  const data = values.map((value, at) => ({ value: [low[at], high[at], value, at], title: spec.categories[at], shown: range(at), href: spec.links?.[at] }));
  return {
    grid: grid({ right: 64, top: 4 }),
    yAxis: { ...categoryAxis(spec, look, { width: Math.min(190, look.width * 0.34), overflow: "truncate", interval: 0 }), inverse: true, axisLine: { show: false } },
    xAxis: valueAxis(spec, look),
    series: [
      {
        name,
        type: "custom",
        encode: { x: [0, 1, 2], y: 3 },
        clip: false,
        markLine: target({ ...spec, horizontal: true }, look),
        data: data.filter((point) => point.value[2] !== null),
        renderItem: (_, api) => {
          const at = api.value(3);
          const [from, y] = api.coord([api.value(0), at]);
          const [to] = api.coord([api.value(1), at]);
          const [x] = api.coord([api.value(2), at]);
          const stroke = { stroke: colour(at), lineWidth: 2, opacity: 0.45, lineCap: "round" };
          return {
            type: "group",
            children: [
              { type: "rect", shape: { x: from - 4, y: y - 10, width: to - from + 8, height: 20 }, style: { fill: "transparent" } },
              { type: "line", shape: { x1: from, y1: y, x2: to, y2: y }, style: stroke },
              { type: "circle", shape: { cx: x, cy: y, r: 4.5 }, style: { fill: colour(at), stroke: look.surface, lineWidth: 1.5 } },
              { type: "text", x: to + 8, y, style: { text: say(api.value(2), spec, look), fill: look.ink2, font: `500 12px ${look.font}`, verticalAlign: "middle" } },
            ],
          };
        },
      },
    ],
  };
}

/** categories: columns; rows: names; series[i].values: the cells of row i, null where time has not come yet. */
function heatmap(spec, look) {
  const cells = spec.series.flatMap((row, y) =>
    row.values.map((value, x) => ({ value: [x, y, value], shown: value, title: `${row.name} · ${spec.categories[x]}`, href: row.links?.[x] })),
  );
  const filled = cells.filter((cell) => cell.value[2] !== null);
  const most = Math.max(...filled.map((cell) => cell.value[2]), 0);
  const wide = look.width / spec.categories.length > 60;
  const ramp = [look.sunken, look.accentLine, look.accent];
  return {
    grid: grid({ right: 4, top: 4 }),
    xAxis: { ...categoryAxis(spec, look), position: "top", axisLine: { show: false } },
    yAxis: { ...categoryAxis(spec, look), data: spec.series.map((row) => row.name), inverse: true, axisLine: { show: false } },
    visualMap: { show: false, min: 0, max: most || 1, dimension: 2, inRange: { color: ramp } },
    series: [
      {
        type: "heatmap",
        itemStyle: { borderColor: look.surface, borderWidth: 2, borderRadius: 4 },
        emphasis: { disabled: true },
        label: {
          show: wide,
          formatter: ({ value }) => say(value[2], spec, look, { short: true }),
        },
        data: filled.map((cell) => ({ ...cell, label: { color: readable(mixed(ramp, cell.value[2] / (most || 1))) } })),
      },
    ],
  };
}

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** The colour that the heat map gives to a share in [0, 1], as ECharts mixes it. */
function mixed([low, middle, high], share) {
  const [from, to, part] = share < 0.5 ? [low, middle, share * 2] : [middle, high, share * 2 - 1];
  const ends = channels(to);
  return channels(from).map((value, at) => value + (ends[at] - value) * part);
}

/** Black or white, whichever stands out more: at least 4.5:1 on any colour. */
function readable(rgb) {
  const [r, g, b] = rgb.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff";
}

/** series[i].values: [x, y] pairs; series[i].names: what each point is. */
function scatter(spec, look) {
  return {
    grid: grid({ right: 24 }),
    xAxis: { ...valueAxis({ ...spec, unit: spec.unit_x ?? "count" }, look), name: spec.x ?? "", nameLocation: "middle", nameGap: 26, nameTextStyle: { color: look.ink3 } },
    yAxis: { ...valueAxis(spec, look), name: spec.y ?? "", nameTextStyle: { color: look.ink3, align: "left" } },
    series: spec.series.map((one, index) => ({
      name: one.name,
      type: "scatter",
      symbolSize: 9,
      itemStyle: { color: tone(index, one, look), opacity: 0.75 },
      label: { show: one.values.length <= 20, position: "right", color: look.ink2, formatter: ({ dataIndex }) => one.names?.[dataIndex] ?? "" },
      labelLayout: { hideOverlap: true },
      data: one.values.map((value, at) => ({ value, title: one.names?.[at], href: one.links?.[at] })),
    })),
  };
}
