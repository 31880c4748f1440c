// The page's state, as scripts of others find it: values in wraps with a circle in them, keys in camel case.
class RefImpl {
  constructor(value) { this.__v_isRef = true; this.__v_isShallow = false; this.dep = { sub: this }; this._rawValue = value; this._value = value; }
  get value() { return this._value; }
}
const ref = (value) => (MANNERS.wrap ? new RefImpl(value) : value);
const raw = (v) => (v instanceof RefImpl ? v._rawValue : v);

// camel turns the keys of an answer into those of the state.
function camel(v) {
  if (Array.isArray(v)) return v.map(camel);
  if (v === null || typeof v !== "object") return v;
  return Object.fromEntries(Object.entries(v).map(([k, below]) => [k.replace(/_([a-z])/g, (_, c) => c.toUpperCase()), camel(below)]));
}
const counts = (n) => ({ unreadCount: n.unread_count, mentions: n.mentions, likes: n.likes, connections: n.connections });
const emptyList = () => ({ cursor: "", hasMore: true, messageList: [] });

window.__INITIAL_STATE__ = {
  global: { appSettings: {}, pwaAddDesktopPrompt: null },
  user: {
    loggedIn: ref(!!APP.me),
    userInfo: ref(APP.me
      ? { guest: false, userId: APP.me.uid, nickname: APP.me.nickname, redId: APP.me.red_id, desc: APP.me.desc, images: "https://sns-avatar-qc.xhscdn.com/avatar/" + APP.me.uid + ".svg" }
      : { guest: true, userId: "64" + "0".repeat(22), nickname: "", redId: "" }),
  },
  feed: { feeds: ref([]) },
  notification: {
    isFetching: ref(false), activeTabKey: ref(0), notificationCount: ref(counts(APP.unread || { unread_count: 0, mentions: 0, likes: 0, connections: 0 })),
    notificationMap: ref({ mentions: emptyList(), likes: emptyList(), connections: emptyList() }),
  },
  note: { currentNoteId: ref(APP.noteId), noteDetailMap: ref({}) },
};
const STATE = window.__INITIAL_STATE__;
