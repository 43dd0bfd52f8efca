/** The traffic light before a start: lines come as they are found. */
import { post } from "./api";
import { byUrgency, checkLine, type Check } from "./check";
import { h, say, the } from "./element";
import { attempt } from "./notice";
import { ago, t } from "./text";

interface Summary { id: string; state: "running" | "done" | "failed"; level: Check["level"] | null }
export interface Report extends Summary { checks: Check[]; created_at: string; stale: boolean }

const heading = (): HTMLElement => the("#preflight-state");

export async function showReport(report: Report): Promise<void> {
  the("#checks").replaceChildren(...await Promise.all(byUrgency(report.checks).map(checkLine)));
  showLevel(report, ago(report.created_at), report.stale ? t("preflight_stale") : "");
}

function showLevel({ state, level }: Summary, ...further: string[]): void {
  say(heading(), [t(`preflight_${level ?? state}`), ...further].filter(Boolean).join(" · "));
  heading().dataset.level = level ?? "";
}

/** Run a preflight; the event source brings each line, and the report at the end. */
export async function runPreflight(job: string, button: HTMLButtonElement): Promise<void> {
  button.disabled = true;
  const list = the("#checks");
  list.replaceChildren(h("li", { class: "quiet" }, t("looking")));
  say(heading(), t("preflight_running"));
  await attempt(async () => {
    const { id } = await post<{ id: string }>(`/stream-jobs/${job}/preflight`);
    await follow(id, list);
  }, the("#said"));
  button.disabled = false;
}

function follow(id: string, list: HTMLElement): Promise<void> {
  return new Promise((resolve) => {
    const source = new EventSource(`/api/v1/sse/preflight/${id}`);
    const checks: Check[] = [];
    const onCheck = (event: MessageEvent<string>): void => {
      checks.push(JSON.parse(event.data) as Check);
      void Promise.all(byUrgency(checks).map(checkLine)).then((lines) => list.replaceChildren(...lines));
    };
    const end = (): void => {
      source.close();
      resolve();
    };
    const onReport = (event: MessageEvent<string>): void => {
      showLevel(JSON.parse(event.data) as Summary);
      end();
    };
    source.addEventListener("check", onCheck);
    source.addEventListener("report", onReport);
    source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) end(); });
  });
}
