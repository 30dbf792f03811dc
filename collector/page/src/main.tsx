import { render } from "preact";
import { App } from "./app";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/home.css";
import "./styles/pictures.css";
import "./styles/target.css";

render(<App />, document.getElementById("app")!);
