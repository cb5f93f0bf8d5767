// The camera as a reader of QR codes. Pictures stay on the phone: each is looked at and forgotten.

const PAUSE_MS = 120;
const LARGEST = 960;

let decoder;

// The decoder is a quarter of a megabyte: it is loaded when somebody scans, and lies in the app's cache.
const load = async () => {
  decoder ??= import("../vendor/jsqr/jsQR.js");
  await decoder;
  return globalThis.jsQR;
};

// Show the camera in `video` and call `found(text)` for what it sees until it answers true; returns how to stop.
// Throws what getUserMedia throws: NotAllowedError, NotFoundError.
export const scan = async (video, found) => {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  let on = true;
  const stop = () => {
    on = false;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
  try {
    video.srcObject = stream;
    const [read] = await Promise.all([load(), video.play()]);
    const look = async () => {
      if (!on) return;
      const text = seen(video, read);
      if (text && (await found(text))) stop();
      else setTimeout(look, PAUSE_MS);
    };
    look();
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
};

const canvas = document.createElement("canvas");

const seen = (video, read) => {
  const { videoWidth: width, videoHeight: height } = video;
  if (!width) return null;
  const scale = Math.min(1, LARGEST / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  const picture = context.getImageData(0, 0, canvas.width, canvas.height);
  return read(picture.data, picture.width, picture.height, { inversionAttempts: "dontInvert" })?.data || null;
};
