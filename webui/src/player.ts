/** Plays the HLS stream named by every <video data-hls="URL">; says in data-status what it is doing. */
import Hls from "hls.js/light";

const retryMs = 1000;

function attach(video: HTMLVideoElement, url: string): void {
  if (!Hls.isSupported()) {
    video.src = url;
    return;
  }
  const player = new Hls({ liveSyncDurationCount: 2 });
  player.on(Hls.Events.FRAG_BUFFERED, () => { video.dataset.status = "playing"; });
  player.on(Hls.Events.ERROR, (_event, data) => {
    if (!data.fatal) return;
    video.dataset.status = "waiting";
    player.destroy();
    setTimeout(() => attach(video, url), retryMs);
  });
  player.loadSource(url);
  player.attachMedia(video);
}

for (const video of document.querySelectorAll<HTMLVideoElement>("video[data-hls]")) {
  attach(video, video.dataset.hls ?? "");
}
