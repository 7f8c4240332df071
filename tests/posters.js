// Draws made-up posters: flat landscapes in few colours, the same ones for the same number.
// An expression: (number, scene, title) => Promise<string>, the JPEG as base64.
(async (number, scene, title) => {
  const [W, H] = [400, 600];
  const PALETTES = [
    ["#f3b562", "#e2725b", "#a23b56", "#4b1f47", "#ffe9c2"],
    ["#9fd3d6", "#5a9fb3", "#2b6083", "#14324f", "#fdf6e0"],
    ["#2c2f6b", "#3f4a9c", "#6a5fb8", "#141633", "#f7d774"],
    ["#f6d8c5", "#e39a8b", "#8d5a73", "#3a2b4a", "#fff6ea"],
    ["#cfe3c4", "#7fae8a", "#3f7a67", "#173c3a", "#f9f3d4"],
    ["#1d2b45", "#284b6e", "#3c7a94", "#0d1526", "#e8f1e4"],
    ["#e8c9a0", "#cf8f4f", "#96542f", "#4a2419", "#fdf0d5"],
    ["#d9dde6", "#a3b1c9", "#5d7196", "#27324d", "#ffffff"],
  ];
  const [sky, far, middle, near, light] = PALETTES[number % PALETTES.length];
  let state = number * 7919 + 17;
  const random = (least = 0, most = 1) => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return least + (state / 2 ** 32) * (most - least);
  };
  const canvas = new OffscreenCanvas(W, H);
  const pen = canvas.getContext("2d");
  const fill = (colour, draw) => {
    pen.fillStyle = colour;
    pen.beginPath();
    draw();
    pen.fill();
  };
  const circle = (x, y, r, colour = light) => fill(colour, () => pen.arc(x, y, r, 0, 7));
  const box = (x, y, w, h, colour) => fill(colour, () => pen.rect(x, y, w, h));
  const shape = (colour, ...points) =>
    fill(colour, () => points.forEach(([x, y]) => pen.lineTo(x, y)));
  /** A ridge across the picture, whose height waves around y. */
  const ridge = (y, height, length, colour) =>
    fill(colour, () => {
      const shift = random(0, 6);
      pen.moveTo(0, H);
      for (let x = 0; x <= W; x += 4)
        pen.lineTo(x, y + Math.sin(x / length + shift) * height + Math.sin(x / 23) * 3);
      pen.lineTo(W, H);
    });
  const stars = (count, most) => {
    for (let n = 0; n < count; n += 1) circle(random(0, W), random(0, most), random(1, 3));
  };
  const peaks = (y, height, count, colour) => {
    for (let n = 0; n < count; n += 1) {
      const x = random(-40, W + 40);
      const h = random(height * 0.6, height);
      shape(colour, [x - h * 0.7, H], [x - h * 0.7, y + h], [x, y], [x + h * 0.7, y + h], [x + h, H]);
    }
  };
  const tree = (x, y, h, colour) => {
    box(x - h / 24, y - h / 4, h / 12, h / 4, colour);
    for (const at of [0, 0.25, 0.5])
      shape(colour, [x, y - h + at * h], [x - h * 0.2, y - h * 0.55 + at * h], [x + h * 0.2, y - h * 0.55 + at * h]);
  };
  const wave = (y, colour) => ridge(y, 9, 34, colour);

  const SCENES = {
    sea() {
      circle(290, 200, 62);
      ridge(330, 16, 60, far);
      for (const [y, colour] of [[380, middle], [440, far], [500, near]]) wave(y, colour);
      shape(light, [92, 420], [104, 250], [136, 250], [148, 420]);
      box(98, 330, 44, 30, middle);
      box(100, 224, 40, 26, near);
      shape(near, [94, 224], [120, 198], [146, 224]);
      shape(light, [140, 236], [400, 190], [400, 270]);
      ridge(430, 12, 90, near);
    },
    city() {
      stars(40, 260);
      circle(110, 150, 48);
      for (const [y, colour] of [[250, far], [330, middle], [410, near]])
        for (let x = -10; x < W; x += 58) {
          const top = y + random(-70, 50);
          box(x, top, random(42, 66), H, colour);
          for (let n = 0; n < 7; n += 1)
            if (random() < 0.6) box(x + 8 + (n % 2) * 18, top + 16 + n * 22, 8, 11, light);
        }
    },
    islands() {
      circle(200, 230, 96);
      for (const [y, colour] of [[330, far], [420, middle], [510, near]]) {
        fill(colour, () => pen.ellipse(random(60, 340), y, random(90, 150), random(40, 78), 0, Math.PI, 0));
        box(0, y, W, 60, colour === near ? near : light);
        wave(y + 24, colour);
      }
    },
    comet() {
      stars(70, 480);
      shape(light, [300, 128], [60, 392], [40, 372], [288, 112]);
      circle(298, 122, 30);
      peaks(380, 190, 5, far);
      peaks(450, 150, 6, near);
    },
    snow() {
      circle(280, 170, 56);
      peaks(240, 300, 4, far);
      peaks(340, 220, 5, middle);
      ridge(490, 18, 80, light);
      for (let n = 0; n < 7; n += 1) tree(random(20, 380), random(490, 560), random(70, 150), near);
      stars(60, 560);
    },
    storm() {
      for (let n = 0; n < 9; n += 1) circle(random(0, W), random(90, 190), random(46, 88), far);
      shape(light, [220, 190], [160, 330], [204, 330], [170, 450], [270, 290], [222, 290], [256, 190]);
      peaks(400, 210, 4, middle);
      wave(500, near);
    },
    robot() {
      circle(200, 250, 150, far);
      ridge(470, 20, 90, near);
      box(130, 290, 140, 150, middle);
      box(150, 190, 100, 82, middle);
      box(196, 150, 8, 40, middle);
      circle(200, 146, 13);
      circle(180, 230, 13);
      circle(220, 230, 13);
      box(96, 300, 24, 104, middle);
      box(280, 300, 24, 104, middle);
      box(146, 440, 34, 66, near);
      box(220, 440, 34, 66, near);
      box(160, 330, 80, 52, light);
    },
    moon() {
      stars(60, 420);
      circle(220, 230, 116);
      circle(270, 196, 104, sky);
      ridge(430, 34, 70, far);
      ridge(490, 20, 50, near);
      for (const x of [70, 130, 300]) {
        box(x, 390, 26, 110, near);
        shape(near, [x - 7, 390], [x + 13, 350], [x + 33, 390]);
        box(x + 9, 412, 8, 13, light);
      }
    },
    forest() {
      circle(200, 220, 84);
      for (const [y, h, colour] of [[400, 230, far], [470, 260, middle], [570, 330, near]])
        for (let x = 10; x < W; x += 62) tree(x + random(-18, 18), y, h * random(0.7, 1), colour);
      box(0, 560, W, 40, near);
    },
    hills() {
      circle(120, 180, 62);
      for (const [y, colour] of [[300, far], [370, middle], [470, near]]) ridge(y, 38, 90, colour);
      for (let n = 0; n < 5; n += 1) tree(random(30, 370), random(400, 450), random(46, 76), near);
    },
    planet() {
      stars(80, 600);
      circle(200, 270, 120, far);
      circle(168, 240, 26, middle);
      circle(246, 306, 16, middle);
      pen.lineWidth = 15;
      pen.strokeStyle = light;
      pen.beginPath();
      pen.ellipse(200, 270, 190, 44, -0.35, 0.25, Math.PI - 0.25);
      pen.stroke();
      ridge(530, 16, 50, near);
    },
    fog() {
      circle(290, 150, 50);
      peaks(230, 260, 4, far);
      fill(light, () => pen.roundRect(-40, 350, 330, 34, 17));
      fill(sky, () => pen.roundRect(120, 392, 340, 30, 15));
      ridge(440, 16, 80, middle);
      for (let n = 0; n < 6; n += 1) tree(30 + n * 68, random(500, 540), random(110, 170), near);
      ridge(520, 12, 70, near);
    },
    train() {
      stars(50, 300);
      circle(300, 140, 50);
      peaks(260, 260, 4, far);
      box(0, 470, W, 130, near);
      box(0, 458, W, 6, light);
      for (const x of [-70, 70, 210]) {
        fill(middle, () => pen.roundRect(x, 388, 132, 68, 10));
        for (const at of [16, 54, 92]) box(x + at, 404, 26, 22, light);
      }
      fill(middle, () => pen.roundRect(350, 366, 90, 90, 12));
    },
    dunes() {
      circle(280, 170, 74);
      for (const [y, h, colour] of [[320, 40, far], [400, 54, middle], [490, 36, near]]) ridge(y, h, 110, colour);
    },
    lanterns() {
      stars(30, 200);
      for (let n = 0; n < 16; n += 1) {
        const [x, y, s] = [random(20, 380), random(60, 460), random(0.5, 1.3)];
        fill(n % 3 ? middle : far, () => pen.roundRect(x, y, 34 * s, 44 * s, 12 * s));
        circle(x + 17 * s, y + 24 * s, 8 * s);
      }
      ridge(500, 22, 70, near);
    },
  };

  box(0, 0, W, H, sky);
  SCENES[scene]();
  // The title, on as many lines as it needs, in the lower part.
  let size = 46;
  const lines = [];
  const wrap = () => {
    lines.length = 0;
    pen.font = `800 ${size}px Inter, "Noto Sans CJK JP", sans-serif`;
    for (const word of title.toLocaleUpperCase().split(" ")) {
      const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
      if (lines.length && pen.measureText(longer).width < W - 56) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
  };
  do {
    size -= 2;
    wrap();
  } while (Math.max(...lines.map((line) => pen.measureText(line).width)) > W - 48);
  box(0, H - 44 - lines.length * size * 1.08, W, H, near);
  pen.fillStyle = light;
  lines.forEach((line, index) =>
    pen.fillText(line, 26, H - 30 - (lines.length - 1 - index) * size * 1.08));
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
})
