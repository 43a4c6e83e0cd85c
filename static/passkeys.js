// The browser asks the device for a passkey; what it answers goes into the form. Without this script the form stays hidden.
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const asks = form.hasAttribute("data-makes") ? ["create", "parseCreationOptionsFromJSON"] : ["get", "parseRequestOptionsFromJSON"];
  form.hidden = !window.PublicKeyCredential?.[asks[1]];
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const given = await navigator.credentials[asks[0]]({ publicKey: PublicKeyCredential[asks[1]](JSON.parse(form.dataset.passkey)) });
      form.elements.passkey.value = JSON.stringify(given);
      form.submit();
    } catch { form.querySelector("[data-failed]").hidden = false; }
  });
}
