/** The dashboard: rows move between the groups as states change. */
import { all, first, say, the } from "../element";
import { listen } from "../live";
import "../shell";
import { actOnRows, putRow, rowOf } from "../rows";
import { groupOf, type JobStatus } from "../status";
import { bytes, bitrate, count, percent } from "../text";

interface Figures {
  cpu_percent: number; memory_total: number; memory_available: number; disk_total: number; disk_free: number;
  network_sent: number; network_received: number;
}

function show(status: JobStatus): void {
  const row = rowOf(status.job_id);
  if (!row) return;
  putRow(row, status);
  const section = the(`section[data-group=${groupOf(status.state)}]`);
  if (row.closest("section") !== section) move(row, section);
}

function move(row: HTMLElement, section: HTMLElement): void {
  const focused = document.activeElement;
  const name = (each: Element): string => each.querySelector("a")?.textContent ?? "";
  const body = the("tbody", section);
  const next = [...body.children].find((each) => name(each).localeCompare(name(row)) > 0);
  body.insertBefore(row, next ?? null);
  if (focused instanceof HTMLElement && row.contains(focused)) focused.focus();
  for (const part of all("section[data-group]")) {
    const rows = the("tbody", part).childElementCount;
    part.hidden = rows === 0;
    const tally = the(`#tally [data-group=${part.dataset.group ?? ""}] [data-count]`);
    tally.dataset.count = String(rows);
    say(tally, count(rows));
  }
}

function figure(name: string, text: string, part?: number): void {
  say(the(`[data-figure=${name}]`), text);
  if (part !== undefined) the<HTMLMeterElement>(`[data-meter=${name}]`).value = part;
}

function showFigures(found: Figures): void {
  const memory = found.memory_total - found.memory_available;
  figure("cpu", percent(found.cpu_percent / 100), found.cpu_percent / 100);
  figure("memory", `${bytes(memory)} / ${bytes(found.memory_total)}`, memory / found.memory_total);
  figure("disk", `${bytes(found.disk_total - found.disk_free)} / ${bytes(found.disk_total)}`, 1 - found.disk_free / found.disk_total);
  figure("network", `↑ ${bitrate(found.network_sent * 8)}  ↓ ${bitrate(found.network_received * 8)}`);
}

const groups = document.getElementById("groups");
if (groups) {
  actOnRows(groups);
  listen("/ws/status", (type, data) => {
    if (type === "snapshot") (data as { jobs: JobStatus[] }).jobs.forEach(show);
    else show(data as JobStatus);
  });
}
const { figures } = first<{ figures: Figures | null }>();
if (figures) {
  showFigures(figures);
  listen("/ws/system", (_type, data) => showFigures(data as Figures));
}
