/** Play an HLS stream that may not be there yet. */
import Hls from "hls.js/light";

const retryMs = 1000;

/** Play `url`; `data-status` of the video, and `onState`, say whether it is playing or waiting. */
export function play(video: HTMLVideoElement, url: string, onState: (state: string) => void = () => {}): void {
  const tell = (state: string): void => {
    if (video.dataset.status === state) return;
    video.dataset.status = state;
    onState(state);
  };
  if (!Hls.isSupported()) {
    video.src = url;
    return;
  }
  const player = new Hls({ liveSyncDurationCount: 2 });
  player.on(Hls.Events.FRAG_BUFFERED, () => tell("playing"));
  player.on(Hls.Events.ERROR, (_event, data) => {
    if (!data.fatal) return;
    tell("waiting");
    player.destroy();
    setTimeout(() => play(video, url, onState), retryMs);
  });
  player.loadSource(url);
  player.attachMedia(video);
}
