package main

// chineseOfPlacing are the texts about nodes, moves, drains and placement.
var chineseOfPlacing = map[string]string{
	"List the cluster's nodes, drain and undrain them": "列出集群节点，腾空节点或恢复使用",
	"Move a node's accounts to the other nodes":        "把一个节点上的账号迁到其他节点",
	"Each account is closed here with its login saved, and begins where a place was kept free for it, two at a time. What no other node can take stays and is named. The node takes nothing until it is undrained. A node without others ends its accounts and takes them again when it starts anew.": "每个账号先在原节点保存登录并关闭，再到已预留位置的节点启动，每次两个。其他节点都接不下的账号留在原处并列出原因。节点在恢复使用之前不再接收账号。没有其他节点时，该节点自行结束账号，重新启动后再接收。",
	"after which no further account is moved":           "超过此时间不再迁移账号",
	"--deadline must be longer than nothing":            "--deadline 必须大于零",
	"%d moved, moving: %s, staying: %d":                 "已迁 %d 个，正在迁：%s，留下 %d 个",
	"%s: %s":                                            "%s：%s",
	"node %s: %d accounts were moved or ended, %d stay": "节点 %s：已迁走或结束 %d 个账号，留下 %d 个",
	"%d accounts could not be moved from node %s":       "有 %d 个账号未能从节点 %s 迁走",
	"Let a drained node take accounts again":            "让腾空的节点重新接收账号",
	"node %s takes accounts again":                      "节点 %s 重新接收账号",
	"%d accounts placed, room for %d more, %d nodes may fail before an account has no place": "已安置 %d 个账号，还可接收 %d 个，最多可坏 %d 个节点而账号仍有位置",
	"%d without a place: %s":                              "%d 个没有位置：%s",
	"(%d moved, %d moving, %d stay)":                      "（已迁 %d，正在迁 %d，留下 %d）",
	"%s: not the present definition: %s":                  "%s：不是当前定义：%s",
	"Move an account to another node, logged in":          "把账号迁到另一个节点，保持登录",
	"closing it where it is, and starting it anew ...":    "正在原节点关闭，并在新节点启动……",
	"account %s runs on node %s":                          "账号 %s 现在运行在节点 %s",
	"name of the node; the best one when empty":           "节点名称；为空则自动选择",
	"Ask why an account runs where it runs":               "查询账号为何运行在该节点",
	"Show the last decisions about where an account runs": "显示关于账号运行位置的最近决定",
	"AT": "时间", "WHAT": "决定", "EPOCH": "纪元", "NOTES": "备注", "capacity": "容量",
	"adopted": "已接管", "refused": "被拒绝", "moving": "迁移中", "ended": "已结束", "lapsed": "租约到期", "waiting": "等待安置", "disk_full": "磁盘已满", "no_spare_node": "没有备用节点",
}
