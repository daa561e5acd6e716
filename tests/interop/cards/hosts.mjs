// What Teams gives a card: the values of its three themes, as host configs and as the few lines of CSS around them.
//
// Sizes, spacing and the colours of light and dark are those that Microsoft publishes for Teams with the designer of
// Adaptive Cards; links have the accent's. For high contrast nothing is published; there every surface is black and every
// text white, as in Fluent's theme of that name: no colour of a card is left to tell states apart. How text, facts and
// buttons break where it is narrow was read off the Agents Playground, which has Teams' own renderer.

const STYLES = ["default", "emphasis", "accent", "good", "attention", "warning"];
const COLORED = { accent: "#C7DEF9", good: "#CCFFCC", attention: "#FFC5B2", warning: "#FFE2B2" };
const BORDERS = { default: "#CCCCCC", emphasis: "#666666", accent: "#62A8F7", good: "#69E569", attention: "#FF764C", warning: "#FFBC51" };
const SIZES = { small: 12, default: 14, medium: 14, large: 18, extraLarge: 24 };
const WEIGHTS = { lighter: 200, default: 400, bolder: 600 };

const pair = (normal, subtle) => ({ default: normal, subtle });

const LIGHT = {
  default: pair("#FF252424", "#BF252424"),
  dark: pair("#252424", "#BF252424"),
  light: pair("#FFFFFF", "#FFF3F2F1"),
  accent: pair("#6264A7", "#8B8CC7"),
  good: pair("#92C353", "#E592C353"),
  warning: pair("#F8D22A", "#E5F8D22A"),
  attention: pair("#C4314B", "#E5C4314B"),
};
const DARK = {
  default: pair("#FFFFFFFF", "#BFFFFFFF"),
  dark: pair("#FF201F1F", "#FF2D2C2C"),
  light: pair("#FFFFFFFF", "#BFFFFFFF"),
  accent: pair("#FFA6A7DC", "#FF8B8CC7"),
  good: pair("#FF92C353", "#E592C353"),
  warning: pair("#FFF8D22A", "#E5F8D22A"),
  attention: pair("#FFD74654", "#E5D74654"),
};
// On a coloured ground, which is as pale in the dark theme, its text is dark.
const DARK_ON_COLOR = { ...DARK, default: DARK.dark };
const WHITE = Object.fromEntries(Object.keys(LIGHT).map((color) => [color, pair("#FFFFFF", "#FFFFFF")]));

const font = (fontFamily) => ({ fontFamily, fontSizes: SIZES, fontWeights: WEIGHTS });

function config(grounds, texts, line, borders = BORDERS) {
  const style = (name) => ({ backgroundColor: grounds[name], foregroundColors: texts[name], borderColor: borders[name] });
  const fact = (weight) => ({ size: "Default", color: "Default", isSubtle: false, weight, wrap: true });
  return {
    supportsInteractivity: true,
    spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 16 },
    separator: { lineThickness: 1, lineColor: line },
    imageSizes: { small: 32, medium: 52, large: 100 },
    fontTypes: {
      default: font("'Segoe UI', Tahoma, Geneva, Verdana, sans-serif"),
      monospace: font("'Courier New', Courier, monospace"),
    },
    textStyles: { heading: { fontType: "default", size: "large", weight: "bolder", color: "default", isSubtle: false } },
    containerStyles: Object.fromEntries(STYLES.map((name) => [name, style(name)])),
    actions: {
      maxActions: 6,
      spacing: "Default",
      buttonSpacing: 8,
      showCard: { actionMode: "Inline", inlineTopMargin: 16, style: "emphasis" },
      preExpandSingleShowCardAction: false,
      actionsOrientation: "Horizontal",
      actionAlignment: "Left",
    },
    adaptiveCard: { allowCustomStyle: false },
    imageSet: { imageSize: "Medium", maxImageHeight: 100 },
    factSet: { title: fact("Bolder"), value: fact("Default"), spacing: 16 },
  };
}

const all = (value) => Object.fromEntries(STYLES.map((name) => [name, value]));

export const THEMES = {
  light: {
    config: config({ ...COLORED, default: "#FFFFFF", emphasis: "#FFF9F8F7" }, all(LIGHT), "#EEEEEE"),
    page: { ground: "#F5F5F5", card: "#FFFFFF", text: "#252424", link: "#6264A7", button: "#FFFFFF", edge: "#D1D1D1" },
  },
  dark: {
    config: config(
      { ...COLORED, default: "#FF2D2C2C", emphasis: "#FF292828" },
      { ...all(DARK_ON_COLOR), default: DARK, emphasis: DARK },
      "#EEEEEE",
    ),
    page: { ground: "#1F1F1F", card: "#2D2C2C", text: "#FFFFFF", link: "#A6A7DC", button: "#292929", edge: "#666666" },
  },
  "high contrast": {
    config: config(all("#000000"), all(WHITE), "#FFFFFF", all("#FFFFFF")),
    page: { ground: "#000000", card: "#000000", text: "#FFFFFF", link: "#FFFF00", button: "#000000", edge: "#FFFFFF" },
  },
};

// The frame, the links, the buttons and where lines break are the host's own.
export const css = ({ page }) => `
  body { margin: 0; padding: 16px; background: ${page.ground}; display: flex; gap: 16px; align-items: flex-start; width: max-content; }
  .frame { background: ${page.card}; border: 1px solid ${page.edge}; border-radius: 4px; overflow: hidden; flex: none; overflow-wrap: break-word; }
  .frame a { color: ${page.link}; }
  .frame p { margin: 0; }
  .ac-textRun { white-space: pre-wrap; }
  .ac-factset { display: grid !important; grid-template-columns: minmax(min-content, max-content) auto; gap: 10px; }
  .ac-factset tbody, .ac-factset tr { display: contents; }
  .ac-factset td { display: block; }
  .ac-factset td:nth-child(2) { display: none; }
  .ac-fact-title { max-width: 150px; }
  .ac-actionSet { flex-wrap: wrap; row-gap: 8px; }
  .frame button { background: ${page.button}; color: ${page.text}; border: 1px solid ${page.edge}; border-radius: 4px;
    font: 600 14px/20px 'Segoe UI', Tahoma, Geneva, Verdana, sans-serif; padding: 5px 12px; }
`;
