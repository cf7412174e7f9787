/* A structure in 3D. It stands behind 3Dmol.js in one module; everything that comes from a file is set as text. */

const PLACES = [
  ["←", "Turn left", (viewer) => viewer.rotate(-15, "y")],
  ["→", "Turn right", (viewer) => viewer.rotate(15, "y")],
  ["↑", "Turn up", (viewer) => viewer.rotate(-15, "x")],
  ["↓", "Turn down", (viewer) => viewer.rotate(15, "x")],
  ["+", "Closer", (viewer) => viewer.zoom(1.2)],
  ["−", "Farther", (viewer) => viewer.zoom(1 / 1.2)],
  ["Reset", "The view at the start", (viewer) => { viewer.setView(viewer.viewAtStart); }],
];
const KEYS = { ArrowLeft: 0, ArrowRight: 1, ArrowUp: 2, ArrowDown: 3, "+": 4, "=": 4, "-": 5, "0": 6 };

function structureStyles(viewer, data) {
  const shape = data.trace ? { style: "trace", thickness: 0.8 } : {};
  for (const chain of data.chains) {
    viewer.setStyle({ chain: chain.name, hetflag: false }, { cartoon: { color: chain.colour, ...shape } });
  }
  const scheme = { prop: "elem", map: data.elements };
  viewer.setStyle({ hetflag: true }, { stick: { radius: 0.25, colorscheme: scheme } });
  viewer.setStyle({ hetflag: true, bonds: 0 }, { sphere: { radius: 0.9, colorscheme: scheme } });
}

function structureLabels(viewer, data, shown) {
  viewer.removeAllLabels();
  if (!shown) return;
  for (const chain of data.chains) {
    const atoms = viewer.selectedAtoms({ chain: chain.name, atom: ["CA", "P"], hetflag: false });
    if (!atoms.length) continue;
    const middle = atoms[Math.floor(atoms.length / 2)];
    viewer.addLabel(chain.name, {
      position: { x: middle.x, y: middle.y, z: middle.z },
      backgroundColor: chain.colour, backgroundOpacity: 0.9, fontColor: "white", fontSize: 13, inFront: true,
    });
  }
}

function structureButton(parent, text, name, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.title = name;
  button.setAttribute("aria-label", name);
  button.addEventListener("click", act);
  parent.append(button);
  return button;
}

export default function (component) {
  const { parentElement, data } = component;
  const root = parentElement.querySelector(".structure");
  const stage = root.querySelector(".stage");
  const bar = root.querySelector(".bar");
  if (root.dataset.drawn === data.key) return undefined;
  root.dataset.drawn = data.key;
  stage.replaceChildren();
  bar.replaceChildren();
  stage.setAttribute("aria-label", data.description);
  let viewer;
  try {
    viewer = createViewer(stage, { antialias: true });
    if (!viewer) throw new Error("no WebGL");
  } catch (error) {
    stage.textContent = "This browser cannot draw in 3D: WebGL is switched off or not there.";
    stage.classList.add("failed");
    return undefined;
  }
  viewer.setBackgroundColor(getComputedStyle(root).getPropertyValue("--st-background-color").trim() || "white");
  viewer.addModel(data.text, "cif", { noComputeSecondaryStructure: data.trace });
  structureStyles(viewer, data);
  viewer.zoomTo();
  viewer.zoom(1.15);
  viewer.render();
  viewer.viewAtStart = viewer.getView();
  let labelled = data.chains.length > 1;
  structureLabels(viewer, data, labelled);
  viewer.render();
  const act = (number) => { PLACES[number][2](viewer); viewer.render(); };
  PLACES.forEach(([text, name], number) => structureButton(bar, text, name, () => act(number)));
  const toggle = structureButton(bar, "Chain names", "Show or hide the names of chains", () => {
    labelled = !labelled;
    toggle.setAttribute("aria-pressed", String(labelled));
    structureLabels(viewer, data, labelled);
    viewer.render();
  });
  toggle.setAttribute("aria-pressed", String(labelled));
  stage.addEventListener("keydown", (event) => {
    if (!(event.key in KEYS) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(KEYS[event.key]);
  });
  root.dataset.atoms = String(viewer.selectedAtoms({}).length);
  return () => {
    delete root.dataset.drawn;
    const canvas = stage.querySelector("canvas");
    const context = canvas && (canvas.getContext("webgl2") || canvas.getContext("webgl"));
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    stage.replaceChildren();
    bar.replaceChildren();
  };
}
