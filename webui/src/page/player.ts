/** The demo's page: plays the HLS stream named by every <video data-hls="URL">. */
import { play } from "../play";

for (const video of document.querySelectorAll<HTMLVideoElement>("video[data-hls]")) play(video, video.dataset.hls ?? "");
