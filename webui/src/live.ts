/** WebSockets that come back by themselves. */

interface Frame { events: { seq: number; type: string; data: unknown }[]; lost: number }
export type Listener = (type: string, data: unknown) => void;

const sessionEnded = 4401;
const longestMs = 10_000;

const broken = new Set<string>();

function mark(path: string, up: boolean): void {
  if (up) broken.delete(path); else broken.add(path);
  const bar = document.getElementById("offline");
  if (bar) bar.hidden = broken.size === 0;
  document.documentElement.dataset.live = broken.size ? "off" : "on";
}

/** Listen to a live channel; `lost` is told how many events this page was too slow for. */
export function listen(path: string, onEvent: Listener, onLost: (lost: number) => void = () => {}): void {
  let wait = 500;
  const open = (): void => {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1${path}`);
    socket.addEventListener("open", () => { wait = 500; mark(path, true); });
    socket.addEventListener("message", ({ data }) => {
      const frame = JSON.parse(String(data)) as Frame;
      if (frame.lost) onLost(frame.lost);
      for (const event of frame.events) onEvent(event.type, event.data);
    });
    socket.addEventListener("close", ({ code }) => {
      if (code === sessionEnded) {
        location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
        return;
      }
      mark(path, false);
      setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, longestMs);
    });
  };
  open();
}
