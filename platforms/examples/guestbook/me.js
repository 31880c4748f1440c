// Whose desk this is; null before it is drawn.
() => { const me = document.querySelector(".me"); return me && {uid: me.dataset.uid, name: me.textContent}; }
