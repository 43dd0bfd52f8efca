/** The list of jobs, alive. */
import { the } from "../element";
import { listen } from "../live";
import "../shell";
import { actOnRows, putRow, rowOf } from "../rows";
import type { JobStatus } from "../status";

function show(status: JobStatus): void {
  const row = rowOf(status.job_id);
  if (row) putRow(row, status);
}

actOnRows(the("#list"));
listen("/ws/status", (type, data) => {
  if (type === "snapshot") (data as { jobs: JobStatus[] }).jobs.forEach(show);
  else show(data as JobStatus);
});
the<HTMLSelectElement>("#state").addEventListener("change", () => the<HTMLFormElement>("#filter").requestSubmit());
