/** The page of one job. */
import { call, post } from "../api";
import { all, first, h, say, the } from "../element";
import { listen } from "../live";
import { openLog } from "../log";
import { offerMetadata, type MetadataParts } from "../metadata";
import { attempt, confirmed, notice } from "../notice";
import "../shell";
import { play } from "../play";
import { runPreflight, showReport, type Report } from "../preflight";
import { put, putState, putVerdict, putWhy, rate, reasonsOf, severity, speed, uptime, type JobStatus, type OutputStatus } from "../status";
import { bytes, count, t, tell, type Coded } from "../text";

interface Job { id: string; name: string; outputs: { id: string; destination_name: string }[] }

const { job, status: begun, report, metadata } = first<{ job: Job; status: JobStatus; report: Report | null; metadata: MetadataParts | null }>();
const page = the("#job");
const said = the("#said");
const path = `/stream-jobs/${job.id}`;
let now: JobStatus = begun;

function showOutput(output: OutputStatus): void {
  const row = document.querySelector<HTMLElement>(`[data-output="${CSS.escape(output.id)}"]`);
  if (!row) return;
  putState(row, output.state, output.since, output.retry_at);
  void putWhy(row.querySelector("[data-live=why]"), output);
  void putVerdict(row.querySelector("[data-live=verdict]"), output.verdict);
  put(row, "bitrate", rate(output.bitrate));
  put(row, "bytes", bytes(output.bytes));
  put(row, "dropped", count(output.dropped));
  put(row, "reconnects", count(output.reconnects));
}

let told = "";

/** Put the findings into words, whenever they change. */
async function showReasons(status: JobStatus): Promise<void> {
  const key = JSON.stringify([status.state, status.code, status.cause, status.health.findings, status.outputs.map(({ params }) => params)]);
  if (key === told) return;
  told = key;
  const reasons = await reasonsOf(status);
  if (key === told) the("#reasons").replaceChildren(...reasons.map((each) => notice(each, severity(status.state))));
}

function show(status: JobStatus): void {
  now = status;
  page.dataset.desired = status.desired;
  putState(page, status.state, status.since, status.retry_at);
  const values: Record<string, string> = {
    health: status.health.score === null ? "–" : `${count(status.health.score)} / 100`,
    uptime: uptime(status),
    speed: speed(status.encoder?.speed),
    fps: status.encoder?.fps ? count(status.encoder.fps) : "–",
    dropped: status.state === "stopped" ? "–" : count(status.dropped),
  };
  for (const [name, text] of Object.entries(values)) {
    for (const place of all(`.figures [data-live=${name}]`)) say(place, text);
  }
  for (const place of all(".figures [data-live=bitrate]")) say(place, rate(status.bitrate));
  const known = new Set(status.outputs.map(({ id }) => id));
  status.outputs.forEach(showOutput);
  for (const row of all("[data-output]")) if (!known.has(row.dataset.output ?? "")) putState(row, "stopped", 0);
  showActions(status);
  void showReasons(status);
}

function showActions({ desired }: JobStatus): void {
  const shown: Record<string, boolean> = {
    start: desired !== "running", pause: desired === "running", restart: desired !== "stopped", stop: desired !== "stopped",
  };
  for (const [name, visible] of Object.entries(shown)) {
    const button = page.querySelector<HTMLButtonElement>(`[data-do=${name}]`);
    if (!button || button.hidden === !visible) continue;
    const focused = document.activeElement === button;
    button.hidden = !visible;
    if (name === "start") say(button, t(desired === "paused" ? "resume" : "start"));
    if (focused) page.querySelector<HTMLButtonElement>(".head .actions button:not([hidden])")?.focus();
  }
}

const questions: Record<string, [string, string, string] | undefined> = {
  stop: ["stop_question", "stop", "stop_detail"],
  restart: ["restart_question", "restart", "restart_detail"],
  delete: ["delete_question", "delete", "delete_job_detail"],
};

async function act(verb: string, button: HTMLButtonElement): Promise<void> {
  const asked = questions[verb];
  if (asked && !await confirmed(t(asked[0], { name: job.name }), t(asked[1]), t(asked[2]))) return;
  button.disabled = true;
  await attempt(async () => {
    if (verb === "delete") {
      await call("DELETE", `${path}?force=true`);
      location.assign("/jobs");
    } else if (verb === "duplicate") {
      location.assign(`/jobs/${(await post<Job>(`${path}/duplicate`)).id}/edit`);
    } else await post(`${path}/${verb}`);
  }, said);
  button.disabled = false;
}

for (const button of all<HTMLButtonElement>(".head .actions [data-do]", page)) {
  button.addEventListener("click", () => void act(button.dataset.do ?? "", button));
}
const check = page.querySelector<HTMLButtonElement>("[data-do=preflight]");
check?.addEventListener("click", () => void runPreflight(job.id, check));
if (metadata) offerMetadata(the("#metadata"), job.id, metadata);
if (report && check) void showReport(report);

interface Preview {
  processes: { role: string; name: string; argv: string[] }[];
  in_process: { name: string; url: string }[];
  warnings: Coded[];
}

async function showCommands(): Promise<void> {
  const { processes, in_process, warnings } = await post<Preview>("/ffmpeg/preview", { job_id: job.id });
  const remarks = await Promise.all(warnings.map(tell));
  the("#command-list").replaceChildren(
    ...remarks.map((each) => notice(each, "warning")),
    ...processes.flatMap(({ role, name, argv }) => [
      h("h3", {}, t(`process_${role}`), " ", h("span", { class: "quiet" }, name)), h("pre", { tabindex: 0 }, h("code", {}, argv.map(shown).join(" ")))]),
    ...in_process.flatMap(({ name, url }) => [
      h("h3", {}, t("process_none"), " ", h("span", { class: "quiet" }, name)), h("pre", { tabindex: 0 }, h("code", {}, url))]));
}

/** An argument as one would type it. */
const shown = (argument: string): string => /^[\w@%+=:,./•-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;

const commands = document.querySelector<HTMLDetailsElement>("#commands");
commands?.addEventListener("toggle", () => { if (commands.open) void attempt(showCommands, the("#commands-said")); });

function showIfOurs(status: JobStatus): void {
  if (status.job_id === job.id) show(status);
}

show(begun);
setInterval(() => { for (const place of all(".figures [data-live=uptime]")) say(place, uptime(now)); }, 1000);
listen("/ws/status", (type, data) => {
  if (type === "snapshot") (data as { jobs: JobStatus[] }).jobs.forEach(showIfOurs);
  else showIfOurs(data as JobStatus);
});
const recording: [string, string] = ["recording", t("part_recording")];
openLog(job.id, new Map([recording, ...job.outputs.map(({ id, destination_name }): [string, string] => [id, destination_name])]));
for (const video of all<HTMLVideoElement>("video[data-hls]")) {
  play(video, video.dataset.hls ?? "", {
    onState: (state) => say(the("#preview-state"), t(`preview_${now.state === "stopped" ? "stopped" : state}`)),
    wanted: () => now.state !== "stopped",
  });
}
