/** Play an HLS stream that may not be there yet. */
import Hls from "hls.js/light";

const retryMs = 1000;

interface Options {
  /** Told whether it is `playing` or `waiting`, as `data-status` of the video says too. */
  onState?: (state: string) => void;
  /** Whether there can be a stream now; while not, nothing is asked for. */
  wanted?: () => boolean;
}

/** Play `url`, again and again until it is there. */
export function play(video: HTMLVideoElement, url: string, options: Options = {}): void {
  const { onState = () => {}, wanted = () => true } = options;
  const again = (): void => { setTimeout(() => play(video, url, options), retryMs); };
  if (!wanted()) {
    again();
    return;
  }
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
    again();
  });
  player.loadSource(url);
  player.attachMedia(video);
}
