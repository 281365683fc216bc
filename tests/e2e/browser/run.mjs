/*
 * run.mjs: browser checks of the widget and its page, in headless Chromium.
 *
 *   node run.mjs [pattern]                     the widget alone, against fake-backend.mjs
 *   ERLEAH_SERVER_URL=http://127.0.0.1:8000    ... and end to end against a running server
 *   PAGE_URL= DIRECTUS_URL= DIRECTUS_TOKEN=    ... and end to end through a real Directus
 *   ONLY=widget|server|directus                one of the three
 *   SITE_PORT=8100                             ... also in a page of http://localhost:8100, which the
 *                                              server's CORS_ORIGINS (and Directus) must allow
 *   SLOW=1                                     answers take seconds: stop must come in time
 *   SHOTS=dir                                  also takes pictures of every look
 *
 * Prints one TAP-like line per check and ends in "N passed, N failed".
 */
import { setTimeout as sleep } from "node:timers/promises";
import { launch } from "./chromium.mjs";
import { end_to_end } from "./end-to-end.mjs";
import { widget_checks, widget_shots } from "./widget.mjs";

const { ERLEAH_SERVER_URL, PAGE_URL, DIRECTUS_URL, DIRECTUS_TOKEN, ONLY, SHOTS, SITE_PORT, SLOW } = process.env;
const CHECK_MS = 180000;
const more = { site_port: SITE_PORT, slow: SLOW };
const pattern = new RegExp(process.argv[2] ?? "", "i");
const suites = [["widget", widget_checks()]];
if (ERLEAH_SERVER_URL) suites.push(["server", end_to_end({ page_url: ERLEAH_SERVER_URL, ...more })]);
if (DIRECTUS_URL) suites.push(["directus", end_to_end({ page_url: PAGE_URL ?? ERLEAH_SERVER_URL, directus: DIRECTUS_URL, token: DIRECTUS_TOKEN, ...more })]);
if (ONLY && !suites.some(([suite]) => suite === ONLY)) {
	console.error(`ONLY=${ONLY} asks for checks whose addresses are not set`);
	process.exit(2);
}

const browser = await launch();
let passed = 0, failed = 0;
try {
	if (SHOTS) await widget_shots(browser, SHOTS);
	for (const [suite, checks] of suites.filter(([suite]) => !ONLY || suite === ONLY)) {
		for (const [name, check] of Object.entries(checks).filter(([name]) => pattern.test(name))) {
			const began = Date.now();
			let failure = null;
			try {
				const late = sleep(CHECK_MS, null, { ref: false }).then(() => { throw new Error(`not done in ${CHECK_MS} ms`); });
				await Promise.race([check(browser), late]);
			} catch (e) {
				failure = e;
			}
			failure ? failed++ : passed++;
			console.log(`${failure ? "not ok" : "ok"} ${passed + failed} - ${suite}: ${name} # ${Date.now() - began} ms`);
			if (failure) console.log(failure.stack.replace(/^/gm, "#   "));
		}
	}
} finally {
	await browser.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed || !passed ? 1 : 0;
