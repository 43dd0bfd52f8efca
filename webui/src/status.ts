/** What the engine tells of jobs, and how a page shows it. */
import { all, h, quoted, say } from "./element";
import { ago, bitrate, duration, factor, moment, t, tell, type Told } from "./text";

export interface Problem { code: string; params: Record<string, unknown> }

/** What the platform itself says. */
export interface Verdict extends Problem {
  phase: "unknown" | "ready" | "live" | "ended" | "rejected"; severity: "ok" | "warning" | "error";
  issues: (Problem & { severity: string })[]; viewers: number | null; watch_url: string | null;
}

export interface OutputStatus extends Problem {
  id: string; name: string; type: string; state: string; since: number; retry_at: number | null;
  bytes: number; bitrate: number; dropped: number; reconnects: number; verdict: Verdict | null;
}

/** Something that keeps a job from full health: of an output, or of the job. */
export interface Finding extends Problem { output: string | null }

export interface JobStatus extends Problem {
  job_id: string; name: string; desired: "stopped" | "running" | "paused"; state: string; since: number;
  cause: Problem | null; source: Problem | null; retry_at: number | null; pending_restart: string[]; started_at: number | null; seconds: number;
  bitrate: number; bytes: number; dropped: number; reconnects: number;
  encoder: { fps: number | null; speed: number | null } | null;
  outputs: OutputStatus[];
  health: { score: number | null; findings: Finding[] };
}

export type Group = "trouble" | "air" | "stopped";
const trouble = new Set(["degraded", "fallback", "reconnecting", "failed"]);
export const groupOf = (state: string): Group => trouble.has(state) ? "trouble" : state === "stopped" ? "stopped" : "air";
export const severity = (state: string): "error" | "warning" => state === "failed" || state === "reconnecting" ? "error" : "warning";

/** Kilobits, as the engine counts, in the unit that is read best. */
export const rate = (kilobits: number): string => kilobits > 0 ? bitrate(kilobits * 1000) : "–";
export const speed = (value: number | null | undefined): string => value ? factor(value) : "–";

/** Set the text of every `data-live=NAME` inside. */
export function put(within: ParentNode, name: string, text: string): void {
  for (const place of all(`[data-live="${name}"]`, within)) say(place, text);
}

/** Show a state, since when, and when the next attempt is. */
export function putState(within: HTMLElement, state: string, since: number, retryAt: number | null = null): void {
  within.dataset.state = state;
  for (const badge of all(".state[data-live=state]", within)) {
    if (badge.closest("[data-job],[data-output]") !== within) continue;
    badge.dataset.state = state;
    const word = badge.querySelector(".word");
    if (word) say(word, t(`state_${state}`));
  }
  const iso = since ? new Date(since * 1000).toISOString() : "";
  for (const place of all("[data-live=since]", within)) {
    if (place.closest("[data-job],[data-output]") !== within) continue;
    const wait = retryAt === null ? 0 : Math.ceil(retryAt - Date.now() / 1000);
    const then = iso && ("both" in place.dataset ? `${ago(iso)} (${moment(iso)})` : ago(iso));
    const parts = [state !== "stopped" && then, wait > 0 && t("retry_in", { seconds: wait })];
    say(place, parts.filter(Boolean).join(" · "));
    place.title = iso && moment(iso);
  }
}

/** The sentence for a state's reason; what lies behind it gives cause and remedy. */
export async function reasonOf(problem: Problem, cause: Problem | null = null): Promise<Told | null> {
  if (!problem.code) return null;
  const told = await tell(problem);
  if (!cause?.code || cause.code === problem.code) return told;
  const behind = await tell(cause);
  return { message: told.message, cause: [behind.message, behind.cause].filter(Boolean).join(" "), remedy: behind.remedy || told.remedy };
}

/** What lies behind a finding of the health: the cause of the job's state, or the reason that the finding names. */
function behind({ code, params, output }: Finding, status: JobStatus): Problem | null {
  if (status.cause && ["health.failed", "health.reconnecting"].includes(code)) return status.cause;
  const reason = typeof params.reason === "string" ? params.reason : "";
  const about = status.outputs.find(({ id }) => id === output);
  const told = [about, status, ...status.outputs, status.cause, status.source].find((each) => each?.code === reason);
  return reason ? { code: reason, params: told?.params ?? {} } : null;
}

/** The findings in words, the heaviest first. */
export const reasonsOf = async (status: JobStatus): Promise<Told[]> =>
  (await Promise.all(status.health.findings.map((each) => reasonOf(each, behind(each, status))))).filter((each) => each !== null);

/** Show why: beside the state, in plain words. */
export async function putWhy(place: Element | null, problem: Problem, cause: Problem | null = null): Promise<void> {
  if (!place) return;
  const key = JSON.stringify([problem.code, problem.params, cause]);
  if ((place as HTMLElement).dataset.key === key) return;
  (place as HTMLElement).dataset.key = key;
  const told = await reasonOf(problem, cause);
  if ((place as HTMLElement).dataset.key !== key) return; // a later one has come meanwhile
  place.replaceChildren(...told ? [
    h("strong", {}, ...quoted(told.message)),
    told.cause ? h("span", {}, " ", ...quoted(told.cause)) : "",
    told.remedy ? h("span", { class: "remedy" }, ...quoted(told.remedy)) : "",
  ] : []);
}

/** The second light: whether the platform receives, what it finds fault with, and who watches. */
export async function putVerdict(place: HTMLElement | null, verdict: Verdict | null): Promise<void> {
  if (!place) return;
  const key = JSON.stringify(verdict);
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  if (!verdict) return place.replaceChildren();
  const told = await Promise.all(verdict.issues.map(tell));
  if (place.dataset.key !== key) return; // a later one has come meanwhile
  const level = verdict.phase === "unknown" ? "" : verdict.severity;
  place.replaceChildren(
    h("span", { class: "state", "data-level": level }, h("span", { class: "mark", "aria-hidden": "true" }),
      h("span", { class: "word" }, `${t("platform")}: ${t(`phase_${verdict.phase}`)}`)),
    verdict.viewers === null ? "" : h("span", { class: "quiet" }, ` ${t("viewers", { count: verdict.viewers })}`),
    verdict.watch_url ? h("a", { href: verdict.watch_url, rel: "noreferrer", target: "_blank" }, t("watch")) : "",
    ...told.map(({ message, remedy }) => h("p", { class: "why" }, h("strong", {}, ...quoted(message)), remedy ? h("span", { class: "remedy" }, ...quoted(remedy)) : "")));
}

/** "2 of 3 up". */
export function outputsText(outputs: OutputStatus[], otherwise: string): string {
  const wanted = outputs.filter(({ state }) => state !== "stopped");
  if (!wanted.length) return otherwise;
  const up = wanted.filter(({ state }) => state === "running").length;
  return t("outputs_up", { up, count: wanted.length });
}

export const uptime = (status: JobStatus): string =>
  status.started_at && status.state !== "stopped" ? duration(Date.now() / 1000 - status.started_at) : "–";
