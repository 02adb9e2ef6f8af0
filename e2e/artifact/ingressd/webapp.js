// The page's script: what a browser lets it reach, it notes in the page as JSON.
const env = window.wire.env;
const outcome = {rest: env.BACKEND_REST, websocket: env.BACKEND_WS, reached: {}, blocked: []};

document.addEventListener('securitypolicyviolation', violation => {
  outcome.blocked.push(`${violation.effectiveDirective} ${violation.blockedURI}`);
});

const reach = async (url, options) => {
  try {
    outcome.reached[url] = (await fetch(url, options)).status;
  } catch (error) {
    outcome.reached[url] = String(error);
  }
};

(async () => {
  await reach(`${env.BACKEND_REST}/api-version`);
  await reach(`${env.BACKEND_REST}/access`, {method: 'POST', credentials: 'include', headers: {'Content-Type': 'application/json'}, body: '{}'});
  for (const url of new URLSearchParams(location.search).getAll('connect')) {
    await reach(url);
  }
  await new Promise(resolve => setTimeout(resolve, 100)); // what was blocked is told a moment later
  document.getElementById('outcome').textContent = JSON.stringify(outcome);
})();
