"""Actor-critico recurrente para el laberinto con camara."""
import torch
import torch.nn.functional as F
from torch import nn


class Ojo(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 8, stride=4)
        self.conv2 = nn.Conv2d(16, 32, 4, stride=2)
        self.fc = nn.Linear(32 * 3 * 4, 96)

    def forward(self, img):
        h = F.relu(self.conv1(img))
        h = F.relu(self.conv2(h))
        plano = h.flatten(1)
        return F.relu(self.fc(plano))


class Agente(nn.Module):
    def __init__(self, n_acciones=6, n_sensores=5, oculto=64):
        super().__init__()
        self.ojo = Ojo()
        self.sensor = nn.Linear(n_sensores, 16)
        self.emb_accion = nn.Embedding(n_acciones, 8)
        self.memoria = nn.LSTM(96 + 16 + 8, oculto)
        self.actor = nn.Sequential(nn.Linear(oculto, 48), nn.Tanh(), nn.Linear(48, n_acciones))
        self.critico = nn.Sequential(nn.Linear(oculto, 48), nn.Tanh(), nn.Linear(48, 1))

    def forward(self, obs, sensores, accion_prev, estado):
        T, B = obs.shape[:2]
        plano = obs.flatten(0, 1)
        vista = self.ojo(plano).view(T, B, -1)
        tacto = torch.tanh(self.sensor(sensores))
        previa = self.emb_accion(accion_prev)
        entrada = torch.cat([vista, tacto, previa], dim=-1)
        salida, (h_n, c_n) = self.memoria(entrada, estado)
        logits = self.actor(salida)
        valor = self.critico(salida).squeeze(-1)
        return logits, valor, (h_n, c_n)


def build():
    T, B = 10, 4
    estado = (torch.zeros(1, B, 64), torch.zeros(1, B, 64))
    args = (torch.rand(T, B, 3, 36, 48), torch.rand(T, B, 5), torch.randint(0, 6, (T, B)), estado)
    return Agente(), args
