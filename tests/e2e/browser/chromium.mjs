/*
 * chromium.mjs: drives a headless Chromium over its DevTools pipe, with nothing to install.
 *
 *   const browser = await launch();
 *   const page = await browser.page({ width: 1280, height: 800, dark: false });
 *   await page.goto(url); await page.click("textarea"); await page.type("..."); await page.until(() => ...);
 *
 * Selectors are looked up in the page and, if not there, in the widget's shadow root.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CALL_MS = 30000;
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/* Waits for something outside the page. */
export async function until(ready, what, ms = 15000) {
	for (const end = Date.now() + ms; !ready(); await sleep(20)) {
		if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
	}
}

/* One JSON message per NUL-terminated string, both ways (file descriptors 3 and 4). */
class Pipe {
	constructor(child) {
		Object.assign(this, { out: child.stdio[3], calls: new Map(), listeners: new Set(), serial: 0, rest: "" });
		child.stdio[4].setEncoding("utf8");
		child.stdio[4].on("data", (text) => this.receive(text));
		this.out.on("error", () => {});
		child.on("exit", () => this.fail(new Error("Chromium has ended")));
	}
	receive(text) {
		const parts = (this.rest + text).split("\0");
		this.rest = parts.pop();
		for (const part of parts) {
			const message = JSON.parse(part), call = this.calls.get(message.id);
			if (!call) {
				for (const listener of this.listeners) listener(message);
				continue;
			}
			this.calls.delete(message.id);
			clearTimeout(call.timer);
			if (message.error) call.reject(new Error(`${call.method}: ${message.error.message}`));
			else call.resolve(message.result);
		}
	}
	call(method, params = {}, sessionId) {
		const id = ++this.serial;
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => {
				this.calls.delete(id);
				reject(new Error(`${method}: no answer in ${CALL_MS} ms`));
			}, CALL_MS);
			this.calls.set(id, { resolve, reject, method, timer });
			this.out.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
		});
	}
	fail(error) {
		for (const call of this.calls.values()) {
			clearTimeout(call.timer);
			call.reject(error);
		}
		this.calls.clear();
	}
}

/* In the page: the element, wherever it is. */
const FIND = `(selector) => document.querySelector(selector) ??
	document.querySelector("erleah-widget")?.shadowRoot?.querySelector(selector) ?? null`;

const KEYS = {
	Enter: { keyCode: 13, text: "\r" }, Escape: { keyCode: 27 }, Tab: { keyCode: 9 }, " ": { keyCode: 32, text: " ", code: "Space" },
};

class Page {
	constructor(pipe, session, context) {
		Object.assign(this, { pipe, session, context, errors: [], frames: [], requests: [], rules: [] });
		this.listener = (m) => m.sessionId === session && this.event(m.method, m.params);
		pipe.listeners.add(this.listener);
	}
	send(method, params) {
		return this.pipe.call(method, params, this.session);
	}
	event(method, params) {
		if (method === "Runtime.exceptionThrown") {
			this.errors.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
		} else if (method === "Log.entryAdded" && params.entry.level === "error" && params.entry.source !== "network") {
			this.errors.push(params.entry.text);
		} else if (method === "Network.webSocketFrameReceived") {
			this.frames.push(params.response.payloadData);
		} else if (method === "Network.requestWillBeSent") {
			this.requests.push({ method: params.request.method, url: params.request.url, body: params.request.postData });
		} else if (method === "Page.loadEventFired") {
			this.loaded?.();
		} else if (method === "Fetch.requestPaused") {
			this.paused(params).catch(() => {}); /* the page may have gone meanwhile */
		}
	}
	async paused({ requestId, request }) {
		for (const rule of this.rules) {
			const answer = request.url.includes(rule.match) && (!rule.method || rule.method === request.method) && (await rule.answer(request));
			if (!answer) continue;
			const { status, headers = {}, body = "" } = answer;
			const all = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*", "Access-Control-Expose-Headers": "Retry-After", ...headers };
			return this.send("Fetch.fulfillRequest", {
				requestId, responseCode: status, body: Buffer.from(body).toString("base64"),
				responseHeaders: Object.entries(all).map(([name, value]) => ({ name, value: String(value) })),
			});
		}
		return this.send("Fetch.continueRequest", { requestId });
	}
	/* Answers requests whose address contains match, as long as answer() returns a response. */
	async intercept(match, method, answer) {
		this.rules.push({ match, method, answer });
		await this.send("Fetch.enable", { patterns: [{ urlPattern: "*" }] });
	}

	async goto(url) {
		const loaded = new Promise((done) => { this.loaded = done; });
		const { errorText } = await this.send("Page.navigate", { url });
		if (errorText) throw new Error(`${url}: ${errorText}`);
		await Promise.race([loaded, sleep(20000).then(() => { throw new Error(`${url}: did not load`); })]);
	}
	async reload() {
		const loaded = new Promise((done) => { this.loaded = done; });
		await this.send("Page.reload");
		await loaded;
	}
	async run(work, ...args) {
		const expression = `{ const find = ${FIND}; (${work})(${args.map((a) => JSON.stringify(a)).join()}); }`;
		const r = await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
		if (r.exceptionDetails) throw new Error(r.exceptionDetails.exception?.description ?? r.exceptionDetails.text);
		return r.result.value;
	}
	async until(work, what, ms = 15000, ...args) {
		const end = Date.now() + ms;
		for (;;) {
			const value = await this.run(work, ...args).catch((e) => { if (Date.now() > end) throw e; });
			if (value) return value;
			if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
			await sleep(25);
		}
	}
	async click(selector) {
		const at = await this.until((s) => {
			const node = find(s);
			node?.scrollIntoView({ block: "nearest" });
			const r = node?.getBoundingClientRect();
			return r?.width ? { x: r.x + r.width / 2, y: r.y + r.height / 2 } : null;
		}, `${selector} to be there`, 5000, selector);
		for (const type of ["mousePressed", "mouseReleased"]) {
			await this.send("Input.dispatchMouseEvent", { type, ...at, button: "left", clickCount: 1 });
		}
	}
	type(text) {
		return this.send("Input.insertText", { text });
	}
	async key(key, modifiers = 0) {
		const { keyCode, text, code = key } = KEYS[key];
		const common = { key, code, windowsVirtualKeyCode: keyCode, modifiers };
		await this.send("Input.dispatchKeyEvent", { type: "keyDown", ...common, text });
		await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...common });
	}
	async screenshot(file) {
		const { data } = await this.send("Page.captureScreenshot", { format: "png" });
		await writeFile(file, Buffer.from(data, "base64"));
	}
	async close() {
		this.pipe.listeners.delete(this.listener);
		await this.pipe.call("Target.disposeBrowserContext", { browserContextId: this.context });
	}
}

export async function launch() {
	const profile = await mkdtemp(join(tmpdir(), "erleah-chromium-"));
	const child = spawn(process.env.CHROMIUM ?? "/usr/bin/chromium", [
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
		"--disable-features=LocalNetworkAccessChecks", `--user-data-dir=${profile}`, "--remote-debugging-pipe", "about:blank",
	], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
	const ended = new Promise((done) => child.once("exit", done));
	const pipe = new Pipe(child);
	child.once("error", (e) => pipe.fail(new Error(`Chromium cannot be started: ${e.message}`)));
	await pipe.call("Browser.getVersion");
	return {
		async page({ width = 1280, height = 860, dark = false, lang = "en-GB", still = true, touch = false } = {}) {
			const { browserContextId } = await pipe.call("Target.createBrowserContext");
			const { targetId } = await pipe.call("Target.createTarget", { url: "about:blank", browserContextId });
			const { sessionId } = await pipe.call("Target.attachToTarget", { targetId, flatten: true });
			const page = new Page(pipe, sessionId, browserContextId);
			await Promise.all(["Page", "Runtime", "Log", "Network", "Accessibility"].map((d) => page.send(`${d}.enable`)));
			await page.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: touch });
			await page.send("Emulation.setLocaleOverride", { locale: lang });
			await page.send("Emulation.setUserAgentOverride", { userAgent: "erleah-tests", acceptLanguage: lang });
			await page.send("Emulation.setEmulatedMedia", { features: [
				{ name: "prefers-color-scheme", value: dark ? "dark" : "light" },
				{ name: "prefers-reduced-motion", value: still ? "reduce" : "no-preference" },
			] });
			return page;
		},
		async close() {
			await pipe.call("Browser.close").catch(() => {});
			await Promise.race([ended, sleep(5000)]);
			if (child.exitCode === null) child.kill("SIGKILL");
			await rm(profile, { recursive: true, force: true, maxRetries: 3 });
		},
	};
}
