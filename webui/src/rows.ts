/** Rows of jobs: on the dashboard and in the list. */
import { post } from "./api";
import { all } from "./element";
import { attempt, confirmed } from "./notice";
import { outputsText, put, putState, putWhy, rate, speed, type JobStatus } from "./status";
import { t } from "./text";

export const rowOf = (id: string): HTMLElement | null => document.querySelector(`tr[data-job="${CSS.escape(id)}"]`);

/** Show a status in its row. */
export function putRow(row: HTMLElement, status: JobStatus): void {
  row.dataset.desired = status.desired;
  putState(row, status.state, status.since, status.retry_at);
  void putWhy(row.querySelector("[data-live=why]"), status, status.cause);
  const place = row.querySelector<HTMLElement>("[data-live=outputs]");
  if (place) place.dataset.count ??= place.textContent ?? "";
  put(row, "outputs", outputsText(status.outputs, place?.dataset.count ?? ""));
  put(row, "speed", speed(status.encoder?.speed));
  put(row, "bitrate", rate(status.bitrate));
  const stopped = status.desired === "stopped";
  for (const button of all<HTMLButtonElement>("[data-do]", row)) button.hidden = (button.dataset.do === "start") !== stopped;
}

/** Let the buttons of rows start and stop. */
export function actOnRows(within: HTMLElement): void {
  within.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button[data-do]");
    const row = button?.closest<HTMLElement>("tr[data-job]");
    if (button && row) void act(button, row);
  });
}

async function act(button: HTMLButtonElement, row: HTMLElement): Promise<void> {
  const name = row.querySelector("a")?.textContent ?? "";
  if (button.dataset.do === "stop" && !await confirmed(t("stop_question", { name }), t("stop"), t("stop_detail"))) return;
  button.disabled = true;
  await attempt(async () => {
    await post(`/stream-jobs/${row.dataset.job ?? ""}/${button.dataset.do ?? ""}`);
  });
  button.disabled = false;
}
