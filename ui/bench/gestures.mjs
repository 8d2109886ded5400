// A hand with a mouse of 125 Hz, and the frames in which the page followed it.

const PHASE_MS = 2500;
const MOUSE_MS = 8;
/** Milliseconds that a full circle takes. */
const CIRCLE_MS = 1130;
const BUTTONS = { left: 1, middle: 4 };

/**
 * Milliseconds from one frame to the next in which an element stood elsewhere. Frames in which nothing moved do not
 * count: a page that hears of the mouse only now and then has many of those.
 */
const follow = (page, selector, ms) =>
  page.evaluate(
    ([moved, length]) =>
      new Promise((resolve) => {
        const element = document.querySelector(moved);
        const times = [];
        const begin = performance.now();
        let place = "";
        const look = (now) => {
          const { transform, left, top } = element.style;
          const next = `${transform} ${left} ${top}`;
          if (next !== place) times.push(now);
          place = next;
          if (now - begin < length) requestAnimationFrame(look);
          else resolve([...times.slice(1), now].map((time, index) => time - times[index]));
        };
        requestAnimationFrame(look);
      }),
    [selector, ms],
  );

/**
 * Circles with a button held, for as long as a phase lasts. Where the hand is depends on the time alone; of a page
 * that does not keep up no more is asked than two movements at once, as a browser joins those that wait.
 */
async function circle(page, from, button) {
  const session = await page.context().newCDPSession(page);
  const tell = (type, place, buttons) =>
    session.send("Input.dispatchMouseEvent", { type, ...place, button: buttons ? button : "none", buttons, clickCount: 1 });
  await tell("mouseMoved", from, 0);
  await tell("mousePressed", from, BUTTONS[button]);
  const begin = performance.now();
  let waiting = 0;
  for (let now = 0; now < PHASE_MS; now = performance.now() - begin) {
    if (waiting < 2) {
      const turn = (now / CIRCLE_MS) * 2 * Math.PI;
      const place = { x: from.x + 160 * Math.sin(turn), y: from.y + 90 * (Math.cos(turn) - 1) };
      waiting += 1;
      void tell("mouseMoved", place, BUTTONS[button]).then(() => {
        waiting -= 1;
      });
    }
    await new Promise((resolve) => setTimeout(resolve, MOUSE_MS));
  }
  await tell("mouseMoved", from, BUTTONS[button]);
  await tell("mouseReleased", from, BUTTONS[button]);
  await session.detach();
}

/** The canvas is panned, then the node is dragged that is nearest to the middle: intervals in milliseconds. */
export async function moved(page, { area, handle }) {
  const middle = { x: area.x + area.width / 2, y: area.y + area.height / 2 };
  const panned = follow(page, ".react-flow__viewport", PHASE_MS);
  await circle(page, middle, "middle");
  const { id, x, y } = await page.evaluate(nearest, [handle, middle]);
  const dragged = follow(page, `.react-flow__node[data-id="${id}"]`, PHASE_MS);
  await circle(page, { x, y }, "left");
  return { pan: await panned, drag: await dragged };
}

/** Where the node can be taken that is nearest to the middle and not covered there. */
function nearest([handle, middle]) {
  const places = [...document.querySelectorAll(handle)].map((element) => {
    const box = element.getBoundingClientRect();
    const node = element.closest(".react-flow__node");
    return { node, id: node.dataset.id, x: box.x + box.width / 2, y: box.y + box.height / 2 };
  });
  const far = (place) => Math.hypot(place.x - middle.x, place.y - middle.y);
  const free = ({ node, x, y }) => node.contains(document.elementFromPoint(x, y));
  const { id, x, y } = places.sort((a, b) => far(a) - far(b)).find(free);
  return { id, x, y };
}

/** Turns the wheel in the middle until a pixel of the canvas is a pixel of the screen. */
export async function zoomIn(page, area) {
  await page.mouse.move(area.x + area.width / 2, area.y + area.height / 2);
  const zoom = () => page.evaluate(() => new DOMMatrix(getComputedStyle(document.querySelector(".react-flow__viewport")).transform).a);
  for (let now = await zoom(); now < 0.97; now = await zoom()) {
    // React Flow zooms by two to the power of a five-hundredth of the wheel's way.
    await page.mouse.wheel(0, -Math.min(500 * Math.log2(1 / now), 200));
    await page.waitForTimeout(60);
  }
  await page.waitForTimeout(600);
}

export const area = (page, selector) =>
  page.evaluate((canvas) => {
    const { x, y, width, height } = document.querySelector(canvas).getBoundingClientRect();
    return { x, y, width, height };
  }, selector);
