package browser

import (
	"net/http"
	"testing"
)

// candidatesJS tries every way to a candidate for some seconds or until gathering ends.
const candidatesJS = `async () => {
	const found = [];
	const peer = new RTCPeerConnection({iceServers: [
		{urls: "stun:stun.test:3478"}, {urls: "stun:192.0.2.7:3478"},
		{urls: ["turn:turn.test:3478?transport=udp", "turn:turn.test:3478?transport=tcp", "turns:turn.test:5349"], username: "u", credential: "p"},
		{urls: ["turn:192.0.2.7:3478?transport=udp", "turn:192.0.2.7:3478?transport=tcp"], username: "u", credential: "p"},
	], iceCandidatePoolSize: 4});
	const over = new Promise((done) => { peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && done(); });
	peer.onicecandidate = (e) => e.candidate && e.candidate.candidate && found.push(e.candidate.candidate);
	peer.createDataChannel("x");
	await peer.setLocalDescription(await peer.createOffer());
	await Promise.race([over, new Promise((done) => setTimeout(done, 2500))]);
	found.push(...peer.localDescription.sdp.split("\r\n").filter((line) => line.startsWith("a=candidate") || line.startsWith("c=IN") && !line.endsWith("0.0.0.0")));
	peer.close();
	return found;
}`

func TestWebRTCShowsNoCandidate(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", html("call"))
	r := newRig(t, mux)
	tab := open(t, start(t, r.config(t)), "main", "https://site.test/")
	if got := eval(t, tab, candidatesJS); got != "[]" {
		t.Errorf("WebRTC shows %s", got)
	}
}
