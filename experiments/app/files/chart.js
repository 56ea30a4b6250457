// One chart: ECharts out of the package solara-assets, options said once, numbers as float32 bytes merged by the names of the lines.
const words = document.getElementById("lintas-words");
const root = words ? JSON.parse(words.textContent).root + "/" : "";
const source = new URL(`${root}_solara/cdn/echarts@5.4.0/dist/echarts.esm.min.js`, document.baseURI).href;

export default {
  async render({ model, el }) {
    const echarts = await import(source);
    const box = document.createElement("div"), buttons = document.createElement("div");
    box.className = "lintas-chart";
    buttons.className = "lintas-save";
    box.setAttribute("role", "img");
    el.append(box, buttons);
    // Numbers as the page's language writes them: one decimal of a percentage, three digits of anything else.
    const show = (value) => {
      const { locale, is_share } = model.get("form");
      if (value === null || value === undefined || !Number.isFinite(value)) return "–";
      const digits = is_share ? { maximumFractionDigits: 1 } : { maximumSignificantDigits: Math.abs(value) >= 100 ? 4 : 3 };
      return new Intl.NumberFormat(locale, digits).format(is_share ? 100 * value : value) + (is_share ? "%" : "");
    };
    const escape = (text) => text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
    const tip = (rows) => [`<b>${rows[0].axisValue}</b>`, ...rows.map((row) => `${row.marker}${escape(row.seriesName)}: ${show(row.value)}`)].join("<br>");
    const coloured = () => { // the names of colours replaced by those of the style sheet, light or dark
      const style = getComputedStyle(el);
      const colour = (text) => style.getPropertyValue(text).trim();
      const option = JSON.parse(JSON.stringify(model.get("option")), (_, value) =>
        typeof value === "string" && value.startsWith("--lintas-") ? colour(value) : value);
      option.tooltip.formatter = tip;
      option.yAxis.axisLabel.formatter = show;
      return option;
    };
    const numbers = () => {
      const bytes = model.get("numbers"), series = model.get("option").series;
      const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      const years = all.length / series.length, lines = series.length / 2;
      return series.map(({ id }, k) => {
        const at = ((k % 2) * lines + Math.floor(k / 2)) * years; // lines of the baseline come first, then those of the variant
        return { id, data: Array.from(all.subarray(at, at + years)) };
      });
    };
    const chart = echarts.init(box, null, { renderer: "canvas" });
    chart.group = "lintas";
    echarts.connect("lintas"); // the cursor is shared
    const draw = () => chart.setOption({ series: numbers() });
    const begin = () => { chart.setOption(coloured(), true); draw(); };
    // A picture to take away: the chart with its title above and what it shows below.
    const picture = (kind) => {
      const { title, lines, file } = model.get("saved"), width = 900, height = 480 + 18 * lines.length;
      const option = coloured(), colour = option.legend.textStyle.color;
      option.backgroundColor = option.tooltip.backgroundColor;
      option.title = [{ text: title, left: 8, top: 8, textStyle: { color: colour, fontSize: 18 } },
        { subtext: lines.join("\n"), left: 8, bottom: 8, subtextStyle: { color: colour, fontSize: 12, lineHeight: 18 } }];
      option.legend.top = 42;
      Object.assign(option.grid, { top: option.grid.top + 42, bottom: 24 + 18 * lines.length });
      const data = numbers();
      option.series.forEach((one, k) => { one.data = data[k].data; });
      const size = { width, height }, other = kind === "svg"
        ? echarts.init(null, null, { renderer: "svg", ssr: true, ...size }) : echarts.init(document.createElement("div"), null, { renderer: "canvas", ...size });
      other.setOption(option);
      const link = document.createElement("a");
      link.href = kind === "svg" ? URL.createObjectURL(new Blob([other.renderToSVGString()], { type: "image/svg+xml" })) : other.getDataURL({ pixelRatio: 2 });
      other.dispose();
      link.download = `${file}.${kind}`;
      link.click();
    };
    for (const kind of ["png", "svg"]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = kind.toUpperCase();
      button.addEventListener("click", () => picture(kind));
      buttons.append(button);
    }
    const say = () => {
      box.setAttribute("aria-label", model.get("said"));
      const { labels } = model.get("saved");
      [...buttons.children].forEach((one, k) => labels && one.setAttribute("aria-label", labels[k]));
    };
    begin();
    say();
    model.on("change:option", begin);
    model.on("change:numbers", draw);
    model.on("change:said", say);
    model.on("change:saved", say);
    const resize = new ResizeObserver(() => chart.resize());
    resize.observe(box);
    const theme = new MutationObserver(begin), app = document.getElementById("app") || document.body;
    theme.observe(app, { attributes: true, attributeFilter: ["class"] });
    return () => { resize.disconnect(); theme.disconnect(); chart.dispose(); };
  },
};
