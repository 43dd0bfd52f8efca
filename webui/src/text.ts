/** Sentences, numbers and times in the reader's language. */

export interface Told { message: string; cause: string; remedy: string }
export interface Coded { code: string; params?: Record<string, unknown> }
type Texts = Record<string, Partial<Told>>;

const root = document.documentElement;
export const language = root.lang || "en";
const zone = root.dataset.zone || "UTC";
const own: Record<string, string> = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");
let catalogue: Promise<Record<string, Texts>> | undefined;

/** Placeholders whose whole numbers name something: a port is written 12049, not 12,049. `figure.py` has the same. */
const names = new Set(["code", "first", "id", "index", "last", "line", "number", "pid", "port", "status", "track", "year"]);
const figures = new Intl.NumberFormat(language, { maximumFractionDigits: 3 });

function written(name: string, value: unknown): string {
  return typeof value === "number" && !(names.has(name) && Number.isInteger(value)) ? figures.format(value) : String(value);
}

function fill(text: string, params: Record<string, unknown>): string {
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (_whole, name: string) => name in params ? written(name, params[name]) : "…");
}

export function knows(name: string): boolean {
  return name in own;
}

/** The message of `web.NAME`. */
export function t(name: string, params: Record<string, unknown> = {}): string {
  return fill(own[name] ?? name, params);
}

async function load(): Promise<Record<string, Texts>> {
  const answer = await fetch(`/api/v1/i18n/${language}`);
  if (!answer.ok) throw new Error(`catalogue: ${answer.status}`);
  return await answer.json() as Record<string, Texts>;
}

/** Message, cause and remedy of a code; the code itself where no catalogue has it. */
export async function tell({ code, params = {} }: Coded): Promise<Told> {
  // What the pages say themselves is known also while the server is away.
  if (code.startsWith("web.")) return { message: t(code.slice(4), params), cause: "", remedy: "" };
  catalogue ??= load();
  let texts: Record<string, Texts> = {};
  try {
    texts = await catalogue;
  } catch {
    catalogue = undefined; // the server is away: the next one asks again
  }
  const dot = code.indexOf(".");
  const found = texts[code.slice(0, dot)]?.[code.slice(dot + 1)];
  const shown = Object.entries(params).filter(([, value]) => typeof value !== "object");
  const bare = shown.length ? `${code} (${shown.map(([name, value]) => `${name}=${String(value)}`).join(", ")})` : code;
  const part = (name: keyof Told): string => fill(found?.[name] ?? "", params);
  return { message: part("message") || bare, cause: part("cause"), remedy: part("remedy") };
}

const counts = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const percents = new Intl.NumberFormat(language, { style: "percent" });
const factors = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const moments = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23", timeZone: zone });
const clocks = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: zone });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

export const count = (value: number): string => counts.format(value);
/** A part of one: 12%, in German 12 %. */
export const percent = (part: number): string => percents.format(part);
/** How many times as fast as real time. */
export const factor = (value: number): string => `${factors.format(value)}×`;

function scaled(value: number, step: number, units: string[]): string {
  let at = 0;
  while (value >= step && at < units.length - 1) {
    value /= step;
    at += 1;
  }
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: at && value < 100 ? 1 : 0 }).format(value)} ${units[at]}`;
}

export const bytes = (value: number): string => scaled(value, 1000, ["B", "kB", "MB", "GB", "TB"]);
export const bitrate = (value: number): string => scaled(value, 1000, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"]);

/** 3 d 04:05, 4:05:06 or 0:07. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, "0");
  const [days, hours, minutes] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  if (days) return `${days} d ${two(hours)}:${two(minutes)}`;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export const moment = (iso: string): string => moments.format(new Date(iso));
export const clock = (iso: string): string => clocks.format(new Date(iso));

/** "5 minutes ago". */
export function ago(iso: string): string {
  const seconds = (Date.parse(iso) - Date.now()) / 1000;
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [["day", 86400], ["hour", 3600], ["minute", 60]];
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(Math.min(0, Math.round(seconds)), "second");
}
