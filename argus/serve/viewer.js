// Opacity, values under the mouse, and saving of the cards that cards.py writes.
// Gradio runs this once with `element`, the box of the cards, whose content comes and goes: all
// listeners sit on the box itself. `watch` tells when the content has changed.

const cards = () => [...element.querySelectorAll(".argus-card")];
const find = (card, name) => card.querySelector(".argus-" + name);
let cursor = { u: 0.5, v: 0.5 }; // shares of the picture's width and height

// --- values -------------------------------------------------------------------------------------

const decoded = new WeakMap(); // image of codes -> its pixels

function pixelsOf(image) {
  const known = decoded.get(image);
  if (known && known.src === image.src) return known;
  if (!image.complete || !image.naturalWidth) return null;
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const pixels = { data, width: canvas.width, height: canvas.height, src: image.src };
  decoded.set(image, pixels);
  return pixels;
}

function bytesAt(card, u, v) {
  const image = find(card, "map");
  const pixels = image && pixelsOf(image);
  if (!pixels) return null;
  const at = (share, count) => Math.min(count - 1, Math.floor(share * count));
  const i = 4 * (at(v, pixels.height) * pixels.width + at(u, pixels.width));
  return [...pixels.data.slice(i, i + 3)];
}

const readers = {
  text: (values) => values.text,
  position: (values, card, u, v) =>
    `x ${Math.min(values.width - 1, Math.floor(u * values.width))}, ` +
    `y ${Math.min(values.height - 1, Math.floor(v * values.height))}`,
  labels: (values, card, u, v) => {
    const [red, green, blue] = bytesAt(card, u, v);
    return values.texts[red * 65536 + green * 256 + blue];
  },
  number: (values, card, u, v) => {
    const code = bytesAt(card, u, v)[1] * 256 + bytesAt(card, u, v)[2];
    if (!code) return "unknown";
    const number = values.low + ((code - 1) / 65534) * (values.high - values.low);
    return number.toFixed(values.digits) + values.unit;
  },
  vector: (values, card, u, v) => {
    const bytes = bytesAt(card, u, v);
    if (!bytes.some((byte) => byte)) return "unknown";
    const numbers = bytes.map((byte) => ((byte - 128) / 127).toFixed(2).replace("-0.00", "0.00"));
    return `x ${numbers[0]}, y ${numbers[1]}, z ${numbers[2]}`;
  },
  points: (values, card, u, v) => {
    const stage = find(card, "stage");
    const reach = 0.04 * Math.max(stage.clientWidth, stage.clientHeight);
    let best = { distance: reach, text: "nothing" };
    for (const [x, y, text] of values.points) {
      const distance = Math.hypot((x - u) * stage.clientWidth, (y - v) * stage.clientHeight);
      if (distance < best.distance) best = { distance, text };
    }
    return best.text;
  },
};

function show(u, v) {
  cursor = { u, v };
  for (const card of cards()) {
    const values = JSON.parse(card.dataset.values);
    const isDecoding = find(card, "map") && !bytesAt(card, u, v);
    find(card, "value").textContent = isDecoding ? "" : readers[values.type](values, card, u, v);
    const cross = find(card, "cross");
    cross.style.left = 100 * u + "%";
    cross.style.top = 100 * v + "%";
    cross.style.opacity = 1;
  }
}

function showAt(event) {
  const stage = event.target.closest && event.target.closest(".argus-stage");
  if (!stage) return;
  const box = stage.getBoundingClientRect();
  const share = (position, start, length) => Math.max(0, Math.min(1, (position - start) / length));
  show(share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height));
}

element.addEventListener("pointermove", showAt);
element.addEventListener("pointerdown", showAt);

// A screen reader speaks the values of the picture that the keys are in, not of all.
const speak = (event, mode) => {
  if (event.target.matches(".argus-stage")) {
    find(event.target.closest(".argus-card"), "value").setAttribute("aria-live", mode);
  }
};
element.addEventListener("focusin", (event) => speak(event, "polite"));
element.addEventListener("focusout", (event) => speak(event, "off"));

const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

element.addEventListener("keydown", (event) => {
  const step = steps[event.key];
  if (!step || !event.target.matches(".argus-stage")) return;
  event.preventDefault(); // the page would scroll
  const length = event.shiftKey ? 0.1 : 0.01;
  const move = (share, direction) => Math.max(0, Math.min(1, share + direction * length));
  show(move(cursor.u, step[0]), move(cursor.v, step[1]));
});

// --- opacity ------------------------------------------------------------------------------------

function applyOpacity() {
  for (const card of cards()) {
    const slider = find(card, "opacity");
    if (slider) find(card, "layer").style.opacity = slider.value / 100;
  }
}

element.addEventListener("input", (event) => {
  if (event.target.matches(".argus-all")) {
    for (const slider of element.querySelectorAll(".argus-opacity")) {
      slider.value = event.target.value;
    }
  }
  applyOpacity();
});

// Sliders keep their places when new answers come.
watch("value", applyOpacity);

// --- saving -------------------------------------------------------------------------------------

// The picture of a card as one sees it, and its legend, at a width; returns the height.
function paint(context, card, left, top, width) {
  const [layer, legend] = [find(card, "layer"), find(card, "legend")];
  const input = element.querySelector(".argus-picture");
  const height = Math.round((width * input.naturalHeight) / input.naturalWidth);
  context.drawImage(input, left, top, width, height);
  if (!layer) return height;
  context.globalAlpha = Number(find(card, "opacity").value) / 100;
  context.drawImage(layer, left, top, width, height);
  context.globalAlpha = 1;
  if (!legend) return height;
  const below = Math.round((width * legend.naturalHeight) / legend.naturalWidth);
  context.drawImage(legend, left, top + height, width, below);
  return height + below;
}

// Draws twice: first to learn the height.
function save(name, width, draw) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  const context = canvas.getContext("2d");
  canvas.height = draw(context);
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  draw(context);
  canvas.toBlob((blob) => {
    const link = document.createElement("a");
    link.download = element.querySelector(".argus-results").dataset.name + "_" + name + ".png";
    link.href = URL.createObjectURL(blob);
    link.click();
    URL.revokeObjectURL(link.href);
  });
}

function saveCard(card) {
  const width = find(card, "layer").naturalWidth;
  save(card.dataset.task, width, (context) => paint(context, card, 0, 0, width));
}

function saveSheet() {
  const [cell, title] = [512, 40];
  const columns = Math.ceil(Math.sqrt(cards().length));
  save("sheet", columns * cell, (context) => {
    let top = 0;
    for (let first = 0; first < cards().length; first += columns) {
      const heights = cards().slice(first, first + columns).map((card, column) => {
        context.fillStyle = "black";
        context.font = "24px sans-serif";
        context.fillText(find(card, "title").textContent, column * cell + 8, top + 29);
        return paint(context, card, column * cell, top + title, cell);
      });
      top += title + Math.max(...heights);
    }
    return top;
  });
}

element.addEventListener("click", (event) => {
  if (event.target.matches(".argus-save")) saveCard(event.target.closest(".argus-card"));
  if (event.target.matches(".argus-sheet")) saveSheet();
});
