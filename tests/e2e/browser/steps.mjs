/* steps.mjs: what a visitor does and what can be seen, for every suite. Most run inside the page. */
import assert from "node:assert/strict";
import { createServer } from "node:http";

export const last = () => document.querySelector("erleah-widget").transcript.at(-1);
export const done = () => document.querySelector("erleah-widget").transcript.at(-1)?.phase === "done";
export const failed = () => document.querySelector("erleah-widget").transcript.at(-1)?.phase === "failed";

export async function ask(page, text) {
	await page.click("form.ask textarea");
	await page.type(text);
	await page.key("Enter");
}

/* A site of someone else: another origin, one script tag, and styles that would spoil a lesser widget. */
export async function with_site(attributes, work, port = 0) {
	const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A site</title>
		<style>* { font-size: 9px !important; box-sizing: content-box; } div, p, button, textarea { color: red !important; background: lime !important; display: inline !important; }
		body { font-family: serif; margin: 2rem; }</style><h1>Our conference</h1><p>Welcome.</p><script src="${attributes.src}" ${attributes.more ?? ""} defer></script>`;
	const server = createServer((_, response) => response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(html));
	await new Promise((ready) => server.listen(port, "127.0.0.1", ready));
	try {
		await work(`http://localhost:${server.address().port}/`);
	} finally {
		server.closeAllConnections();
		await new Promise((ready) => server.close(ready));
	}
}

/* Contrast of every visible text against the colour behind it (WCAG 2, relative luminance). */
export const contrasts = () => {
	const rgb = (text) => text.match(/[\d.]+/g).map(Number);
	const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
		.reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = (node) => {
		for (; node; node = node.parentElement ?? node.getRootNode().host) {
			const colour = rgb(getComputedStyle(node).backgroundColor);
			if (colour.length === 3 || colour[3] === 1) return colour;
		}
		return [255, 255, 255];
	};
	const poor = [];
	const look = (root) => {
		for (const node of root.querySelectorAll("*")) {
			if (node.shadowRoot) look(node.shadowRoot);
			const text = [...node.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join("");
			if (!text || !node.checkVisibility({ visibilityProperty: true }) || node.closest("head, .unseen, [aria-disabled=true]")) continue;
			const [a, b] = [light(rgb(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
			const ratio = (a + 0.05) / (b + 0.05);
			if (ratio < 4.5) poor.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)}`);
		}
	};
	look(document);
	return poor;
};

/* What a screen reader is told: every control named, every region too. */
export async function unnamed(page) {
	const { nodes } = await page.send("Accessibility.getFullAXTree");
	const roles = ["button", "textbox", "link", "dialog", "region", "log", "DisclosureTriangle", "navigation"];
	const named = nodes.filter((n) => !n.ignored && roles.includes(n.role?.value));
	assert.ok(named.some((n) => n.role.value === "textbox") && named.some((n) => n.role.value === "log"), "textbox and log are exposed");
	return named.filter((n) => !n.name?.value).map((n) => n.role.value);
}
