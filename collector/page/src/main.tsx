import { render } from "preact";
import { App } from "./app";
import { Boundary } from "./boundary";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/home.css";
import "./styles/pictures.css";
import "./styles/target.css";

render(
  <Boundary>
    <App />
  </Boundary>,
  document.getElementById("app")!,
);
