package xiaohongshu

import (
	"fmt"
	"time"
)

var (
	names = []string{
		"小满不吃糖", "阿樱", "Vivian在路上", "胖虎日记", "一只柚子", "山茶花开", "momo", "北北的厨房", "Lily爱喝茶", "周末去哪儿", "小透明", "奶油泡芙🍰", "橘子汽水",
		"不熬夜的猫", "旧时光相机", "芋泥啵啵", "大白鹅", "林深见鹿", "今日份快乐", "Yuki",
	}
	titles = []string{
		"一个人的早餐也要好好吃", "租房改造｜2000 块搞定客厅", "新手养绿植不踩雷清单", "周末 citywalk 路线分享", "通勤穿搭一周不重样", "在家做出咖啡馆的拿铁",
		"给妈妈织了一件毛衣", "三天两夜海岛攻略", "旧物收纳的十个办法", "第一次露营",
	}
	remarks = []string{
		"太好看了吧[赞R]", "求链接！", "蹲一个教程", "同款已安排", "请问是什么牌子的呀", "码住码住", "姐妹在哪里买的", "好会拍[萌萌哒R]", "这个可以有", "学到了",
		"请问要多久呀？", "我家也是这样", "哈哈哈哈好可爱", "已收藏", "[偷笑R][偷笑R]",
	}
	chats = []string{
		"你好，在吗", "请问还有货吗", "方便发下地址吗", "谢谢你！", "合作怎么联系呀", "收到啦，很喜欢", "好的好的", "可以便宜一点吗", "什么时候发货呀", "关注你很久啦💕",
	}
	descs = []string{"认真生活，慢慢记录", "手作｜家居｜猫", "把日子过成喜欢的样子"}
)

func (w *world) createOwner(n NewOwner) *owner {
	name := n.Nickname
	if name == "" {
		name = fmt.Sprintf("红薯创作者%d", len(w.owners)+1)
	}
	o := &owner{
		person: w.newPerson(name), desc: pick(w.rng, descs), fans: 900 + w.rng.Int64N(60_000), follows: 20 + w.rng.Int64N(300),
		liked: 3000 + w.rng.Int64N(90_000), limits: map[string]bool{},
	}
	w.owners = append(w.owners, o)
	if n.Empty {
		return o
	}
	w.fill(o, Fill{Notes: 4, Comments: 16, Conversations: 3, Messages: 8, Mentions: 4})
	at := w.clock().Add(-30 * time.Minute)
	for i, decoy := range []string{"小明", "小明", ""} {
		conv := w.converse(o, w.newPerson(decoy), kindUser)
		w.addMessage(conv, conv.peer, typeText, pick(w.rng, chats), "", at.Add(time.Duration(i)*time.Minute))
	}
	return o
}

// Fill gives an owner many made-up items at once.
func (s *Site) Fill(f Fill) error {
	return s.withOwner(f.Owner, func(o *owner) { s.world.fill(o, f) })
}

func (w *world) fill(o *owner, f Fill) {
	now, span := w.clock(), 72*time.Hour
	at := func(i, n int) time.Time { // evenly, oldest first, never in the future
		return now.Add(-span + span*time.Duration(i)/time.Duration(n+1)).Truncate(time.Millisecond)
	}
	for i := range f.Notes {
		w.addNote(o, "", at(i, f.Notes).Add(-span)).video = i%3 == 2
	}
	for i := range f.Comments {
		if len(o.notes) == 0 {
			break
		}
		w.fillComment(o.notes[i%len(o.notes)], i, at(i, f.Comments))
	}
	for i := range f.Conversations {
		conv := w.converse(o, w.newPerson(fmt.Sprint(pick(w.rng, names), i+1)), kindUser)
		w.addMessage(conv, conv.peer, typeText, pick(w.rng, chats), "", at(i, f.Conversations))
	}
	kinds := []int{typeText, typeText, typeText, typeSticker, typeText, typeNote, typeText, typePicture}
	for i := range f.Messages {
		if len(o.convs) == 0 {
			break
		}
		conv := o.convs[i%len(o.convs)]
		sender := conv.peer
		if i%3 == 2 {
			sender = o.person
		}
		w.addMessage(conv, sender, kinds[i%len(kinds)], pick(w.rng, chats), "", at(i, f.Messages))
	}
	for i := range f.Mentions {
		kind := []string{mentionLike, mentionFollow, mentionFaved}[i%3]
		var n *note
		if kind != mentionFollow && len(o.notes) > 0 {
			n = pick(w.rng, o.notes)
		}
		from, _ := w.visitor("", pick(w.rng, names)) // by name it cannot fail
		w.addMention(o, kind, from, n, nil, at(i, f.Mentions))
	}
}

// fillComment writes the i-th comment: of three, one is a reply, to whatever stands there.
func (w *world) fillComment(n *note, i int, at time.Time) {
	var parent *comment
	if len(n.comments) > 0 && w.rng.IntN(3) == 0 {
		parent = pick(w.rng, n.comments)
	}
	author, _ := w.visitor("", pick(w.rng, names)) // by name it cannot fail
	if parent != nil && i%7 == 0 {
		author = n.owner.person
	}
	w.addComment(n, parent, author, pick(w.rng, remarks), at)
}
