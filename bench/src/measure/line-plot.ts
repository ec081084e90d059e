/** One line of a plot. */
export interface Series {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
  isDashed?: boolean;
}

export interface LinePlot {
  title: string;
  /** The x axis is logarithmic and has a tick at every x there is; none may be 0. */
  xLabel: string;
  yLabel: string;
  /** A linear one begins at 0. */
  yScale: 'linear' | 'log';
  series: readonly Series[];
}

const WIDTH = 760;
const HEIGHT = 440;
const LEFT = 70;
const TOP = 50;
/** Room on the right for the names of the lines. */
const PLOT_WIDTH = 490;
const PLOT_HEIGHT = 320;
const LINE_HEIGHT = 20;
/** Okabe and Ito's: told apart by people who see colours differently. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];
const STEPS = [1, 2, 5];
const WANTED_TICKS = 6;

interface Scale {
  /** From 0 to 1. */
  at(value: number): number;
  ticks: readonly number[];
}

/** A plot as SVG, readable without anything else. Solid and dashed lines that follow each other share a colour. */
export function linePlot({ title, xLabel, yLabel, yScale, series }: LinePlot): string {
  const points = series.flatMap((each) => each.points);
  if (points.length === 0) throw new Error(`There is nothing to plot in “${title}”`);
  const x = logarithmic(points.map(([value]) => value));
  const ys = points.map(([, value]) => value);
  const y = yScale === 'log' ? logarithmicWithMargin(ys) : linearFromZero(ys);
  const xAt = (value: number) => round(LEFT + x.at(value) * PLOT_WIDTH);
  const yAt = (value: number) => round(TOP + (1 - y.at(value)) * PLOT_HEIGHT);
  const bottom = TOP + PLOT_HEIGHT;
  let colour = -1;
  const parts = series.flatMap(({ name, points, isDashed = false }, index) => {
    if (!isDashed || index === 0) colour += 1;
    const stroke = COLOURS[colour % COLOURS.length]!;
    const dashes = isDashed ? ' stroke-dasharray="6 4"' : '';
    const legendY = TOP + 10 + index * LINE_HEIGHT;
    const legendX = LEFT + PLOT_WIDTH + 20;
    return [
      `<polyline fill="none" stroke="${stroke}" stroke-width="2"${dashes} points="${points.map(([a, b]) => `${xAt(a)},${yAt(b)}`).join(' ')}"/>`,
      ...points.map(([a, b]) => `<circle cx="${xAt(a)}" cy="${yAt(b)}" r="3.5" fill="${stroke}"/>`),
      `<line x1="${legendX}" x2="${legendX + 28}" y1="${legendY}" y2="${legendY}" stroke="${stroke}" stroke-width="2"${dashes}/>`,
      text(legendX + 36, legendY + 4, name),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="12" fill="#222">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(LEFT, 26, title, 'font-size="15" font-weight="bold"'),
    ...y.ticks.flatMap((tick) => [
      `<line x1="${LEFT}" x2="${LEFT + PLOT_WIDTH}" y1="${yAt(tick)}" y2="${yAt(tick)}" stroke="#ddd"/>`,
      text(LEFT - 8, yAt(tick) + 4, shown(tick), 'text-anchor="end"'),
    ]),
    ...x.ticks.flatMap((tick) => [
      `<line x1="${xAt(tick)}" x2="${xAt(tick)}" y1="${TOP}" y2="${bottom}" stroke="#eee"/>`,
      text(xAt(tick), bottom + 18, shown(tick), 'text-anchor="middle"'),
    ]),
    `<polyline fill="none" stroke="#222" points="${LEFT},${TOP} ${LEFT},${bottom} ${LEFT + PLOT_WIDTH},${bottom}"/>`,
    text(LEFT + PLOT_WIDTH / 2, bottom + 42, xLabel, 'text-anchor="middle"'),
    `<text transform="translate(18 ${TOP + PLOT_HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escaped(yLabel)}</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function logarithmic(values: readonly number[]): Scale {
  const ticks = [...new Set(values)].toSorted((a, b) => a - b);
  return { at: between(Math.log(ticks[0]!), Math.log(ticks.at(-1)!), Math.log), ticks };
}

/** From the tick below the least value to the one above the greatest. */
function logarithmicWithMargin(values: readonly number[]): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const all: number[] = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power += 1) {
    for (const step of STEPS) all.push(step * 10 ** power);
  }
  const from = all.findLastIndex((tick) => tick <= least);
  const to = all.findIndex((tick) => tick >= most);
  const ticks = all.slice(from, Math.max(to, from + 1) + 1);
  return { at: between(Math.log(ticks[0]!), Math.log(ticks.at(-1)!), Math.log), ticks };
}

function linearFromZero(values: readonly number[]): Scale {
  const most = Math.max(...values, Number.MIN_VALUE);
  const power = 10 ** Math.floor(Math.log10(most / WANTED_TICKS));
  const step = [...STEPS, 10].map((each) => each * power).find((each) => most / each <= WANTED_TICKS)!;
  const ticks = Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step);
  return { at: between(0, ticks.at(-1)!, (value) => value), ticks };
}

/** All at one place when there is only one. */
function between(from: number, to: number, of: (value: number) => number): (value: number) => number {
  return (value) => (to > from ? (of(value) - from) / (to - from) : 0.5);
}

const round = (value: number): number => Math.round(value * 10) / 10;

const shown = (value: number): string => Number(value.toPrecision(6)).toLocaleString('en');

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
