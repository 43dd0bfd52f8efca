/** What every page does: times that grow older, signing out. */
import { call } from "./api";
import { all, say } from "./element";
import { attempt } from "./notice";
import { ago, moment } from "./text";

/** Show every time as "5 minutes ago", with the moment itself beside it or in its tooltip. */
export function refreshTimes(within: ParentNode = document): void {
  for (const time of all<HTMLTimeElement>("time[datetime]", within)) {
    const exact = moment(time.dateTime);
    if (time.title !== exact) time.title = exact;
    say(time, "both" in time.dataset ? `${ago(time.dateTime)} (${exact})` : ago(time.dateTime));
  }
}

refreshTimes();
setInterval(() => refreshTimes(), 10_000);

for (const button of all("[data-do=sign-out]")) {
  button.addEventListener("click", () => void attempt(async () => {
    await call("POST", "/auth/logout");
    location.assign("/login");
  }));
}

// Pages are complete once their own script has run; it is a module that imports this one, so it comes after.
queueMicrotask(() => { document.documentElement.dataset.ready = "yes"; });
