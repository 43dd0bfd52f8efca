/** What every page does: times that grow older, signing out. */
import { call } from "./api";
import { all, h, say } from "./element";
import { attempt } from "./notice";
import "./ready";
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

/** A still that is not there leaves its place empty, not torn. */
for (const image of all<HTMLImageElement>("img[loading=lazy]")) {
  const gone = (): void => image.replaceWith(h("span", { class: "nothumb", "aria-hidden": "true" }));
  if (image.complete && !image.naturalWidth && image.currentSrc) gone();
  else image.addEventListener("error", gone);
}

// Where the menu is wider than the window, where one is stays in sight.
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

/** Menus close as one expects of them. */
function closeMenus(except: EventTarget | null): void {
  for (const menu of all<HTMLDetailsElement>("details.more[open]")) {
    if (!(except instanceof Node && menu.contains(except))) menu.open = false;
  }
}
document.addEventListener("click", ({ target }) => closeMenus(target));
document.addEventListener("keydown", ({ key, target }) => {
  if (key !== "Escape") return;
  const menu = target instanceof Element && target.closest<HTMLDetailsElement>("details.more[open]");
  closeMenus(null);
  if (menu) menu.querySelector("summary")?.focus();
});
