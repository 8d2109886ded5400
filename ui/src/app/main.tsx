import "@xyflow/react/dist/base.css";
import "./theme.css";
import "./layout.css";
import "./node.css";
import "./widgets.css";
import "./panels.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { followTheme } from "../hooks/theme";
import { App } from "./App";

followTheme();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
