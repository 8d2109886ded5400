import "@xyflow/react/dist/base.css";
import "./theme.css";
import "./layout.css";
import "./node.css";
import "./widgets.css";
import "./panels.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { followTheme } from "./theme";

followTheme();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
